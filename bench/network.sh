#!/usr/bin/env bash
# Compares downloads by fastcount with curl --parallel over HTTP/1.1, from nginx
# on loopback, and prints a line for each kind of downloads. fastcount also
# counts what it downloads; curl discards it.
#
#   bench/network.sh [ROUNDS]
#
# Needs Go, nginx, curl and openssl. The rounds alternate; the figures are
# medians of the wall time and the processor time of each program, and of their
# quotients within a round.
set -euo pipefail
export LC_ALL=C TIMEFORMAT='%R %U %S'
rounds=${1:-7}
cd "$(dirname "$0")/.."
for tool in go nginx curl openssl; do
	command -v "$tool" >/dev/null || { echo "network.sh: $tool is missing" >&2; exit 2; }
done
dir=$(mktemp -d)
chmod 755 "$dir"
trap 'nginx -p "$dir" -c nginx.conf -s quit 2>/dev/null || true; rm -rf "$dir"' EXIT
go build -o "$dir/fastcount" ./cmd/fastcount
cd "$dir"
mkdir large small
./fastcount generate small --out-dir large 2>/dev/null
head -n 94 large/00_*.csv >row.csv
for i in {1..2000}; do cp row.csv "small/$i.csv"; done
chmod -R a+rX large small
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -days 1 \
	-subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
http=$((20000 + RANDOM % 10000)) https=$((30000 + RANDOM % 10000))
cat >nginx.conf <<-END
	worker_processes 1;
	pid nginx.pid;
	error_log error.log;
	events { }
	http {
		access_log off;
		sendfile on;
		keepalive_requests 1000000;
		client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp; uwsgi_temp_path temp; scgi_temp_path temp;
		ssl_certificate cert.pem;
		ssl_certificate_key key.pem;
		root $dir;
		server { listen 127.0.0.1:$http; }
		server { listen 127.0.0.1:$https ssl; }
	}
END
nginx -p "$dir" -c nginx.conf 2>/dev/null

# urls prints the URLs of a kind of downloads: the large files four times, under
# different queries, or the small ones once.
urls() {
	local base=http://localhost:$http/ file times=1
	[[ $1 == *https ]] && base=https://localhost:$https/
	[[ $1 == large* ]] && times=4
	for n in $(seq "$times"); do
		for file in "${1%-*}"/*.csv; do echo "$base$file?$n"; done
	done
}

# timed prints the wall time and the processor time of a command in seconds.
timed() { { time "$@" >/dev/null 2>&1; } 2>&1 | awk '{ print $1, $2 + $3 }'; }

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

echo "| downloads | fastcount, wall s | curl, wall s | ratio | fastcount, CPU s | curl, CPU s | ratio | fastcount, CPU s/GB |"
echo "|---|---|---|---|---|---|---|---|"
for kind in large-http large-https small-http small-https; do
	urls "$kind" >list
	sed 's/.*/url=&\noutput=\/dev\/null/' list >list.curl
	bytes=$(du -bc "${kind%-*}"/*.csv | awk 'END { print $1 }')
	[[ $kind == large* ]] && bytes=$((bytes * 4))
	for _ in $(seq "$rounds"); do
		echo "$(timed ./fastcount -q --ca-file cert.pem --transfers 4 --files-from list) $(timed curl -sf --http1.1 --parallel \
			--parallel-max 4 --cacert cert.pem -K list.curl)"
	done >figures
	column() { awk "{ print $1 }" figures | median; }
	awk -v k="$kind" -v a="$(column '$1')" -v b="$(column '$3')" -v r="$(column '$1/$3')" -v c="$(column '$2')" -v d="$(column '$4')" \
		-v q="$(column '$2/$4')" -v n="$bytes" \
		'BEGIN { printf "| %s | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f |\n", k, a, b, r, c, d, q, c / n * 1e9 }'
done
