#!/usr/bin/env bash
# Counts URLs in byte ranges, in one run and in shards of a plan, from nginx and
# from an S3 server with presigned URLs. Connections break, ranges are not
# supported, only one connection is allowed, objects are replaced, and
# signatures expire. The result must have the same bytes as that of files, or
# the run must fail with the right exit code. No message shows a signature.
#
# Requires Go, Python and apt-get or the programs below; installs s3rver from
# npm into a temporary directory. The exit code is 3 if this machine cannot run
# the test.
set -euo pipefail
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../testlib.sh"

install_programs() {
	local missing=()
	for program in nginx npm curl zstd; do
		command -v $program >/dev/null || missing+=("$program")
	done
	[ ${#missing[@]} = 0 ] && return
	command -v apt-get >/dev/null || skip "requires ${missing[*]}"
	{ apt-get -q update && apt-get -q -y -o DPkg::Lock::Timeout=600 install --no-install-recommends "${missing[@]}"; } &>apt.log ||
		{ tail -n 3 apt.log; skip "cannot install ${missing[*]}"; }
}

finish() {
	[ ! -e nginx.pid ] || kill "$(cat nginx.pid)" || true
	[ -z "${s3:-}" ] || kill "$s3" || true
}

logs() { tail -n 20 error.log s3.log 2>/dev/null || true; }

prepare
install_programs
chmod 755 .

# The same rows in one file, and in gzip members and zstd frames.
mkdir www
zcat -f data/00_* | sed -n 1p >www/one.csv
for file in data/*; do zcat -f "$file" | tail -n +2; done >>www/one.csv
split -n l/20 www/one.csv piece.
for piece in piece.*; do
	gzip -1 <"$piece" >>www/one.csv.gz
	zstd -q -1 <"$piece" >>www/one.csv.zst
done
rm piece.*
size=$(stat -c %s www/one.csv)

port=$((20000 + RANDOM % 10000))
at() { echo "http://127.0.0.1:$((port + $1))"; }
cat >nginx.conf <<-END
	worker_processes 1;
	pid nginx.pid;
	error_log error.log;
	events { }
	http {
		types { text/csv csv; }
		client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp; uwsgi_temp_path temp; scgi_temp_path temp;
		log_format ranges '\$server_port \$status \$connection';
		access_log access.log ranges;
		limit_conn_zone \$server_port zone=one:1m;
		root $work/www;
		server { listen 127.0.0.1:$port; }
		server { listen 127.0.0.1:$((port + 1)); limit_rate 30m; }
		server { listen 127.0.0.1:$((port + 2)); max_ranges 0; }
		server { listen 127.0.0.1:$((port + 3)); limit_conn one 1; limit_rate 100m; }
		server { listen 127.0.0.1:$((port + 4)); gzip on; gzip_types text/csv; gzip_comp_level 1; }
		server { listen 127.0.0.1:$((port + 5)); etag off; }
	}
END
nginx -p "$work" -c nginx.conf 2>nginx.log || { cat nginx.log; fail "nginx does not start"; }
wait_for "nginx" 60 curl -s -o /dev/null "$(at 0)/"

# same counts a source, and compares the result with that of the files.
same() {
	fastcount -q "$@" | cmp - single.json || { logs; fail "other bytes: $*"; }
}

# connections prints how many connections a server of nginx has answered with a
# status on.
connections() { awk -v port=$((port + $1)) -v status="$2" '$1 == port && $2 == status { print $3 }' access.log | sort -u | wc -l; }

for suffix in '' .gz .zst; do same "$(at 0)/one.csv$suffix"; done
[ "$(connections 0 206)" -ge 4 ] || fail "nginx was not asked for ranges over several connections"
same "$(at 2)/one.csv"
[ "$(connections 2 206)" = 0 ] || fail "nginx sent ranges, although it does not support them"
same "$(at 4)/one.csv"
touch www/one.csv
same "$(at 5)/one.csv"
[ "$(connections 5 206)" = 1 ] || fail "ranges were requested by a young Last-Modified" # the first asks whether there are any
log "the same bytes from nginx, with and without ranges"

# While nginx allows one connection, the others fail, and then one stream does.
same --retries 1 "$(at 3)/one.csv" 2>one.log
[ "$(connections 3 503)" -ge 1 ] || fail "nginx did not limit the number of connections"
log "the same bytes over the one connection that nginx allows"

seconds() { date +%s.%N; }
begin=$(seconds)
same --transfers 1 "$(at 1)/one.csv"
middle=$(seconds)
before=$(connections 1 206)
same "$(at 1)/one.csv"
end=$(seconds)
awk -v a="$begin" -v b="$middle" -v c="$end" -v size="$size" 'BEGIN {
	printf "     %.0f MB at 30 MiB/s per connection: %.1f s over one connection, %.1f s over four\n", size / 1e6, b - a, c - b
}'
[ "$before" -le 1 ] && [ "$(connections 1 206)" -ge $((before + 4)) ] || fail "ranges do not use four connections, or one use more"
log "four connections"

# The worker of nginx is killed twice while it sends ranges.
fastcount "$(at 1)/one.csv" >broken.json 2>broken.log &
counting=$!
for _ in 1 2; do
	sleep 0.7
	wait_for "a worker of nginx" 60 pkill -KILL -P "$(cat nginx.pid)"
done
wait $counting || { cat broken.log; fail "broken connections"; }
cmp broken.json single.json || fail "other bytes over broken connections"
grep -q 'attempt' broken.log || { cat broken.log; fail "no retry is reported"; }
log "the same bytes although all connections broke twice"

# count_shards counts a plan in four shards and compares the result.
count_shards() {
	rm -rf parts
	for i in 0 1 2 3; do
		fastcount -q --plan "$1" --shard $i/4 --out-dir parts 2>>shards.log || { cat shards.log; fail "shard $i of $1"; }
	done
	fastcount merge -q parts | cmp - single.json || fail "other bytes from shards of $1"
	if grep -q Signature parts/* shards.log; then fail "a partial result or a message holds a signature"; fi
}

# refused runs a shard of a plan that must fail.
refused() {
	local want=$1 plan=$2 code=0
	fastcount --plan "$plan" --shard 1/4 --out-dir refused 2>refused.log || code=$?
	[ $code = "$want" ] || { cat refused.log; fail "exit code $code, want $want"; }
	if grep -q Signature refused.log; then fail "a message holds a signature"; fi
	sed 's/^/     /' refused.log
}

for suffix in '' .gz .zst; do
	fastcount plan -q "$(at 0)/one.csv$suffix" >nginx.plan
	count_shards nginx.plan
done
fastcount plan -q "$(at 2)/one.csv" >whole.plan 2>&1
count_shards whole.plan
fastcount plan -q "$(at 0)/one.csv" >nginx.plan
touch -d '2 hours ago' www/one.csv
refused 9 nginx.plan
same "$(at 5)/one.csv"
[ "$(connections 5 206)" -ge 4 ] || fail "no ranges were requested by an old Last-Modified"
log "shards of URLs of nginx"

# An S3 server with presigned URLs.
npm install --prefix "$work/npm" --no-audit --no-fund --silent s3rver@3.7.1 &>npm.log || { tail -n 3 npm.log; skip "cannot install s3rver"; }
s3host=127.0.0.1:$((port + 6))
npm/node_modules/.bin/s3rver -d "$work/s3" -a 127.0.0.1 -p "${s3host#*:}" --configure-bucket exports &>s3.log &
s3=$!
wait_for "s3rver" 60 curl -s -o /dev/null "http://$s3host/"
signed() { python3 "$here/presign.py" "$1" "$s3host" "/exports/$2" "$3"; }
put() { curl -sS --fail -T "$1" "$(signed PUT "$2" 60)"; }
put www/one.csv one.csv
put www/one.csv.gz one.csv.gz
same "$(signed GET one.csv 600)"
same "$(signed GET one.csv.gz 600)"
log "the same bytes from an S3 server"
fastcount plan "$(signed GET one.csv 600)" >s3.plan 2>plan.log
grep -q 'warning: .*the plan contains the query' plan.log || { cat plan.log; fail "no warning of the query"; }
if grep -q Signature plan.log; then fail "a warning holds a signature"; fi
count_shards s3.plan
head -n -1 www/one.csv >other.csv
put other.csv one.csv
refused 9 s3.plan
life=2 # enough for a plan, unless the machine is busy
until fastcount plan -q "$(signed GET one.csv $life)" >expired.plan; do
	life=$((life * 4))
	[ $life -lt 300 ] || fail "no plan of a URL that expires"
done
sleep $((life + 1))
refused 7 expired.plan
log "done: shards of presigned URLs; those of another object or an expired signature are refused"
