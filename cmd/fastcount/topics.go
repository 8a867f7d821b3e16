package main

// topics are the texts of "fastcount help TOPIC".
var topics = map[string]string{
	"csv": `CSV, as fastcount reads it

Strict, and nothing is guessed: what is malformed is refused with its line and byte, never skipped.

  - Fields are separated by commas; -d changes that. .tsv files (tabs) and .psv files (|) are known by
    their names, also before .gz and .zst. gzip and zstd are known by their first bytes.
  - The first record is the header. patient_id and event_type are found in it by exact name, in any
    order; --patient-column and --event-column name others, or give a number from 1. With --no-header
    the first record is data, and the columns are number 1 and number 3.
  - Every record has as many fields as the first. Lines end in LF or CRLF; the last may have no end.
    Empty lines are skipped; a carriage return on its own is an error.
  - A field that holds a delimiter, quote or line break is quoted, and a quote in it is doubled:
    "a ""b"", c". A quote inside an unquoted field, or text after a closing quote, is an error.
  - Ids are bytes: nothing is trimmed, folded or normalised. They must be valid UTF-8. An empty id is
    counted under the empty id. Other columns are not looked at. --invalid-utf8=escape counts ids that
    are not UTF-8 too: their odd bytes are written as \xNN and every backslash is doubled, so that ids
    that differ stay different.
  - A header that comes again as a row is an error: two files were pasted together. A row is one if all
    its fields equal the header, or if both key columns hold their names, each its own or the other's,
    whatever their case and blanks around them. With --no-header the names are patient_id and event_type.
  - A quoted line break is data. Rows that span lines are counted and mentioned at the end, because a
    stray quote makes one row of many: --max-record-lines (1,000) limits the lines of a row. A line ends
    in LF.
  - A row with another number of fields is an error. --max-bad-rows N leaves out up to N of them, says so
    in the result, and exits with 3; --rejects FILE lists them. Quotes that are wrong are never forgiven:
    behind them it is not certain where rows begin.
  - A UTF-8 byte order mark at the start is skipped, and where another row begins it is an error. UTF-16
    and UTF-32 are refused. An empty input is an error; a header alone is a result without rows.
`,

	"sources": `Sources

What a SOURCE is, its looks alone decide, never what happens to exist:

  -                           standard input
  with ://                    the URL of a CSV
  with / \ . * ? or [         a file, or a glob; ./name for a file with a bare name
  anything else               the id of an export of --server; export:ID for one with such characters

  - A glob is matched by fastcount if the shell did not, by the shell's rules: * and ? within a name, ** for
    directories at any depth, [abc], [!abc] and {a,b}. A name that begins with a dot matches only a pattern
    that begins with one, and ** does not enter hidden directories. A file of that very name comes first.
    Directories are not matches; a glob that matches no file is an error, and so is one that matches a FIFO,
    a socket or a device. ** follows symbolic links.
  - --files-from FILE names more sources, one a line, as they would stand on the command line; - is standard
    input. If there is a NUL in the list, each name ends in one: find . -name '*.csv' -print0 | fastcount
    --files-from -. Empty lines are left out, comments do not exist.
  - The same input twice is an error: a file through a link, a glob or standard input; the same name with and
    without .gz, .zst or .bz2 in one directory; URLs that RFC 3986 (6.2.2) calls equal; a download that two
    exports list, unless --allow-duplicate-ids is set. Files with rows and equal content are counted with a
    warning, and so are URLs that differ only in // or an empty query.
  - --dry-run prints the sources with their sizes, the downloads with their declared rows, and the outputs.
    Of files it reads the first bytes, of servers the metadata.
  - gzip and zstd are known by their content, whatever the name is.
  - A file must not change while it is read. One that was written to within the last 0.1 s, or 2 s where the
    file system keeps whole seconds, is waited for first.
`,

	"sinks": `Outputs

  -s, --sink FORMAT[=FILE]   one output; repeat it for several; without FILE, standard output
  -o, --output FILE          the file of a single output

  json     {"patients": {"P001": {"bp_dia": 3106}}, "totals": {"bp_dia": 9372}}; keys are sorted, pairs
           that never occurred are left out; --compact puts it on one line
  csv      patient_id,event_type,count; sorted. --csv-safe puts ' before an id that a spreadsheet would
           take for a formula, and before one that begins with ', so that distinct ids stay distinct;
           also in the cells of --rejects
  ndjson   {"patient_id":"P001","event_type":"bp_dia","count":3106}, one line each; sorted
  table    for eyes; long tables are cut and say so. --color and NO_COLOR decide about colours
  html     one page for a browser, which loads nothing: totals, a table of patients and event types with
           colours by count, the sources and how each was verified. It needs a file: -s html=FILE. Of more
           than 5,000 patients the largest are shown; totals are those of all

  --sort count puts the patients with the largest counts first, in table and html; in a page, the
  heads of the columns sort it too.

A result that lacks something, as --allow-partial, --max-bad-rows and --verify warn let pass, says so
itself: json has a last member "incomplete", ndjson a last line of that name, table and html a banner; a csv
has a file FILE.incomplete beside it, and cannot go to standard output then.

A file is complete or not there: it is written under another name in the same folder, synced and
renamed. A process that is killed may leave a file named .fastcount-*.tmp, which can be deleted.
Standard output is written once, after every source is verified. One that is closed (>&-), or /dev/null
opened for reading and writing as some programs do, is refused: the result would be lost. >/dev/null and
-o /dev/null discard it. A new file has mode 0600; one that replaces a file of the same user has the mode
of that file. Links are followed; devices and FIFOs are written to directly. An output that is also a
source, another output or another file that a flag names is refused (exit code 2) before anything is
written.
`,

	"state": `Going on where a run stopped

  fastcount --state DIR --server URL ID

keeps what was counted of every finished file and download in DIR. The same command again, after
Ctrl-C, a crash, a failure or a full disk, asks for the metadata and reads only what is not finished.
The result is that of one run without a pause, byte for byte.

  - DIR is for one run: it is made if it is missing, and refused if it holds anything else. It is kept
    when the run has succeeded, so that the same command answers from it at once; delete it when you
    are done. It holds patient ids; only its owner can read it. A directory that others can write to,
    or that belongs to another user, is refused; that also holds for root.
  - A run that differs is refused with exit code 2 and told how: other sources or another server, other
    columns or another delimiter, a file that changed, downloads whose metadata changed, --verify off
    where the other run compared. Limits, --max-bad-rows, --invalid-utf8, --verify warn, outputs, jobs
    and transfers may differ: what failed can be let pass without counting the rest again.
  - What lacks something is not kept: a download that is not what its metadata says, a file with rows
    that were left out. It is counted again by the next run.
  - A file in DIR that is damaged is warned of, and what it was of is counted again.
  - Standard input, URLs, pipes and devices cannot be known again and are refused.
  - Two runs cannot use one DIR at once.
`,

	"env": `Environment variables

Each flag can be set as FASTCOUNT_ and its name in capitals, with underscores for hyphens:
--max-record is FASTCOUNT_MAX_RECORD. A flag that may be repeated takes one value a line. The command
line is stronger than the environment, an empty variable is none, and an unknown FASTCOUNT_ variable
is warned of.

  FASTCOUNT_TOKEN     a token, sent to the origin of --server as Authorization: Bearer; --token-file
                      is stronger
  FASTCOUNT_KERNEL    the way in which bytes are scanned; for tests
  FASTCOUNT_RANGE_SIZE   bytes of a file that one worker counts at once, such as 64K; for tests
  NO_COLOR            no colours in tables
  HTTP_PROXY, HTTPS_PROXY, NO_PROXY   as everywhere
`,

	"exit-codes": `Exit codes

    0  done: every source was read to its end, no row was left out, every declared row count matched
    1  another failure
    2  usage: the command line cannot be meant as it stands, or --state is of another run
    3  a result was given that lacks something, and says so itself: --allow-partial, --max-bad-rows or
       --verify warn let it pass
    4  a source was not found
    5  all attempts were used up; trying again later may help
    6  the data was refused: malformed CSV, a missing column, bad UTF-8, damaged compression
    7  not allowed: 401, 403, TLS, a redirect to another origin, a secret over plain http
    8  a limit was reached, or memory or file descriptors ran out; the message names the flag or the limit
       of the system. Memory is watched, not reserved: --max-memory; without it, an eighth below the limit of
       a control group, and on Linux of ulimit -v and -d. A step that is too large for what is left ends in
       the runtime's own code, 2 with "fatal error", or is killed: set --max-memory to half of the limit
    9  what was counted disagrees with the server's metadata or --expect-rows, or its proof is weaker
       than --require
   10  --max-duration is over
   11  partial results are missing, overlap, do not fit together, or are damaged
  130  interrupted (Ctrl-C)
  141  standard output was closed by its reader
  143  terminated

Unless the code is 0 or 3 there is no result. If several parts fail, all are listed and the first decides.
`,

	"scale": `Several machines

  fastcount plan data/*.csv.gz big.csv small > work.plan        what there is, and how much
  fastcount --plan work.plan --shard 3/64 --out-dir parts       count one of 64 shards, 0 to 63, anywhere
  fastcount merge parts                                         the result, byte for byte that of one run

A plan lists files (by path, relative to the plan's folder, with size, time and digest) and the downloads of
exports, each with a weight of about as many bytes of CSV. Shard i of n is the stretch from i/n to (i+1)/n
of the sum: plain files are cut at any byte, everything else goes whole to the shard in which it begins. A
file or download that is no longer what it was is refused, and so is a plan that lists an input twice. The
digest of a file is that of its first and last 64 KiB. Copies must keep the time: cp -p, rsync -t.

A plan can name any server. A worker sends its token and headers only to the server that its own --server
names; if it has any and the plan is of a server, --server is required.

A shard writes a partial result, which is whole or not there and proves itself whole, so that a task may be
begun again at any time, or twice. merge refuses gaps, other plans, damaged and overlapping parts with exit
code 11, and leaves out copies; 'merge --missing parts' prints the shards that are missing, such as 0,2,3;
'merge --partial FILE' makes one partial result of several, in memory that does not depend on their size.

Where a file is cut inside quotes, the range behind the cut may begin wrongly. Each shard tells where it
began and ended, and merge proves that these fit together: a wrong guess is refused, never added up. 'plan
--scan' reads plain files once and cuts them where no quote is open.

--shard auto/64 takes the number from the first of these that a scheduler sets; if two differ, it is an error:
  SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX (Kubernetes), AWS_BATCH_JOB_ARRAY_INDEX, BATCH_TASK_INDEX
  (Google), CLOUD_RUN_TASK_INDEX, OMPI_COMM_WORLD_RANK; SGE_TASK_ID and PARALLEL_SEQ, which count from 1

Recipes for Slurm, Kubernetes, AWS Batch, GNU parallel and Apache Beam: docs/scale.md.
`,

	"stats": `Statistics and logs

--stats=json writes one line to standard error when a run is done; --stats writes the same for people. Names
and meanings stay as they are while "version" is 1; members may be added.

  version          1
  rows, bad_rows   rows counted; rows left out (--max-bad-rows)
  multiline_rows   rows that span lines, those left out included
  patients, event_types                    distinct ids
  bytes_read, bytes_decoded                as stored or sent; as CSV
  wall_s, cpu_s, rows_per_s                seconds of the run, of processors; rows a second (without those
                   that --state kept of an earlier run)
  peak_rss         largest resident memory in bytes, 0 where the system does not tell
  jobs, kernel, verify                     as the flags and the processor have it
  complete         false if the result lacks something: exit code 3
  stages           seconds of all workers together: wait for sources, decode, parse, count; sink: writing.
                   Along the fast road parsing is in count
  parts            for each source or download: name, rows, bad_rows, multiline_rows, bytes (of CSV),
                   attempts, verified (the proof, below), error where it failed or differs
  proof            the weakest proof of completeness of all parts, strongest first:
                   "rows": the number of rows is the one that the server or --expect-rows gives
                   "length": the number of bytes is known: Content-Length, or the size of a regular
                   file that did not change
                   "checksum": the checksums of gzip or zstd match (a zstd frame may have none)
                   "framing": the sender marked the end: chunked transfer, HTTP/2, zstd without
                   checksums. A proxy may mark the end of a body that it received cut: nginx does, if
                   its upstream speaks HTTP/1.0. No client can see that; only rows, length or
                   checksum show it
                   "none": the input ended, as standard input does or a body that ends where the
                   connection was closed

--require PROOF fails the run with exit code 9, before anything is written, if the proof of a part is weaker.
--expect-rows N does so unless all sources together have N data rows; then the proof of all is rows.

--metrics-file FILE writes the totals in the text format of Prometheus (0.0.4), as its node exporter reads
them from a folder: fastcount_rows, fastcount_complete, fastcount_finished_seconds and so on.

The signal SIGUSR1 asks for a line that says how far the run has come, also with -q; not on Windows.

--progress json writes a line each second: event ("progress"), elapsed_s, rows, declared, fraction (0 to 1),
rows_per_s, eta_s, parts, done, failed, retries, running (a list of name, rows, declared, fraction, attempt,
waiting). What is not known is left out.

--log-format json makes an object of every other line: time, level (INFO, WARN, ERROR), msg; exit_code with
errors; kind "hint" with hints.
`,

	"api": `The export API

fastcount asks a server (--server URL, which may have a path prefix) for
  GET /api/export                          {"data": {"export_ids": ["demo", ...]}}
  GET /api/export/{id}                     {"data": {"id": ..., "download_ids": [...]}}
  GET /api/export/{id}/{download}          {"data": {"id": ..., "rows": 9014, "event_types": [...],
                                            "patients": [...], ...}}
  GET /api/export/{id}/{download}/data     the CSV, plain or with Content-Encoding gzip or zstd

Each download is counted once, however often it was tried: rows join the result only when they are
exactly as many as "rows" says and hold no patient and no event type that the metadata does not list.
--verify warn counts what disagrees all the same, says so and exits with 3; --verify off does not look.

'fastcount serve' is such a server with synthetic data, for trying things out. --fault makes it
misbehave; a SPEC is words with commas between them:
  what      delay=500ms  status=503  retry-after=2  redirect=URL  content-type=TEXT  html  empty
            cut=N  reset=N  stall=N (after N bytes)  drip=N/10ms  gzip  gzip=unasked  length
            rows=+1  id=TEXT  body=TEXT
  when      on=exports|export|meta|data|all  export=ID  download=N  attempts=N|A-B|A-
Such as: fastcount serve --fault cut=100000,download=1,attempts=2
`,
}
