// ClickHouse as a library: node count.js FILE... The files must be in one directory.
// THREADS is the number of threads.
import { basename, dirname } from 'node:path';
import { query } from 'chdb';

const threads = process.env.THREADS ?? '1';
const files = process.argv.slice(2);
const pattern = `${dirname(files[0])}/{${files.map((f) => basename(f)).join(',')}}`;
const columns = 'patient_id String, event_time String, event_type String, value String';
const answer = query(
  `SELECT patient_id, event_type, count() FROM file('${pattern}', 'CSVWithNames', '${columns}')
   GROUP BY patient_id, event_type
   SETTINGS max_threads = ${threads}, max_parsing_threads = ${threads}`,
  'CSV',
);
process.stdout.write(answer.replaceAll('"', ''));
