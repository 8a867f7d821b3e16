#!/usr/bin/env bash
# Tests what docs/operations.md promises. It counts through nginx, squid and
# caddy, configured as in the field, in front of "fastcount serve": each case
# results in the bytes of outputs/demo.json, or in an exit code and a message.
# Then it runs the files and commands of that page with systemd-analyze, nginx,
# Prometheus and rclone.
#
# Requires root and Debian's packages, which are downloaded but not installed.
# Everything runs in namespaces for processes, mounts and network that end with
# this script. It leaves no processes or files. The exit code is 3 if this
# machine cannot run the test.
set -euo pipefail
self=$(realpath "$0")
here=${self%/*}
top=$(realpath "$here/../..")
. "$here/../testlib.sh"
base=/media # mount point of a tmpfs that only this script sees
root=$base/root
server=192.0.2.1 # reserved for documentation (RFC 5737); no proxy is used for 127.0.0.1

main() {
	case ${1:-} in
	'') enter ;;
	fetch) fetch ;;
	count) count ;;
	*) fail "unknown stage $1" ;;
	esac
}

# enter creates namespaces for processes and mounts.
enter() {
	[ "$(id -u)" = 0 ] || skip "requires root"
	command -v apt-get >/dev/null || skip "requires apt-get"
	unshare --pid --mount true 2>/dev/null || skip "cannot create namespaces"
	exec unshare --pid --mount --fork --kill-child --mount-proc "$self" fetch
}

# fetch unpacks the programs, and creates a namespace for the network.
fetch() {
	mount -t tmpfs tmpfs "$base"
	mkdir -p "$base"/{bin,home,tmp}
	chmod 755 "$base"
	(cd "$top" && go build -o "$base/bin/fastcount" ./cmd/fastcount)
	debian_packages "$base" nginx squid caddy systemd prometheus prometheus-node-exporter rclone
	exec unshare --net --uts "$self" count
}

# count runs all tests.
count() {
	cd "$base"
	ip link set lo up
	ip address add "$server/32" dev lo
	printf '%s\n' '127.0.0.1 localhost' "$server data.example store.example" >hosts
	mount --bind hosts /etc/hosts
	hostname proxies
	export PATH=$base/bin:$PATH HOME=$base/home TMPDIR=$base/tmp
	unset HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY http_proxy https_proxy all_proxy no_proxy
	cp "$top/outputs/demo.json" .
	certificates
	upstreams
	. "$here/nginx.sh"
	. "$here/squid.sh"
	. "$here/caddy.sh"
	. "$here/page.sh"
	nowhere
	log "done: $cases runs of fastcount, each as promised"
}

# certificates makes a private authority, and certificates of servers and
# clients: valid, expired, for another host, and of another authority.
certificates() {
	mkdir -p tls
	authority ca
	authority other
	certificate server ca data.example
	certificate elsewhere ca another.example
	certificate expired ca data.example -not_before 20200101000000Z -not_after 20200102000000Z
	certificate client ca batch
	certificate stranger other batch
} 2>openssl.log

authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$1" \
		-addext basicConstraints=critical,CA:TRUE -keyout "tls/$1.key" -out "tls/$1.crt"
}

# certificate NAME AUTHORITY HOST [OPTION...] makes a certificate.
certificate() {
	local name=$1 authority=$2 host=$3 days=(-days 2)
	shift 3
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$host" -keyout "tls/$name.key" -out "tls/$name.csr"
	printf 'subjectAltName=DNS:%s\n' "$host" >"tls/$name.ext"
	if [ $# -gt 0 ]; then # only "openssl ca" can date a certificate back
		: >tls/index
		printf '[ca]\ndefault_ca=d\n[d]\ndatabase=tls/index\nrand_serial=yes\nnew_certs_dir=tls\npolicy=p\ndefault_md=sha256\n[p]\ncommonName=supplied\n' >tls/ca.conf
		openssl ca -batch -config tls/ca.conf -extfile "tls/$name.ext" -cert "tls/$authority.crt" -keyfile "tls/$authority.key" \
			-in "tls/$name.csr" -out "tls/$name.crt" -notext -startdate "$2" -enddate "$4"
		return
	fi
	openssl x509 -req -in "tls/$name.csr" -CA "tls/$authority.crt" -CAkey "tls/$authority.key" -CAcreateserial "${days[@]}" \
		-extfile "tls/$name.ext" -out "tls/$name.crt"
}

# upstreams starts mock servers: one that works, and others that fail.
upstreams() {
	serve 8000
	serve 8001 --fault cut=99963,download=1             # always, after a whole row
	serve 8007 --fault cut=100000,download=1            # always, within a row
	serve 8002 --fault cut=100000,download=1,attempts=1 # once
	serve 8003 --fault stall=100000,download=1,attempts=1
	serve 8004 --fault status=202,download=1
	serve 8005 --fault status=204,download=1
	serve 8006 --fault status=206,download=1
}

serve() {
	local port=$1
	shift
	fastcount serve --listen "$server:$port" "$@" >"serve-$port.log" 2>&1 &
	listening "$port"
}

# listening waits until something listens on a port.
listening() { wait_for "port $1" 60 connects "$1"; }

connects() { (: <"/dev/tcp/$server/$1") 2>/dev/null; }

logs() { tail -n 5 ./*.log nginx/error.log squid/cache.log 2>/dev/null || true; }

# run runs fastcount with the given arguments, and sets its exit code and the
# duration in seconds.
run() {
	local begin=$SECONDS
	code=0
	cases=$((${cases:-0} + 1))
	fastcount --progress none "$@" >stdout 2>stderr || code=$?
	took=$((SECONDS - begin))
}

# counts requires that a run counts the export as it is published.
counts() {
	run "$@"
	[ "$code" = 0 ] && cmp stdout demo.json && return
	explain "$@"
	fail "$case_name: exit code $code, want the published counts"
}

# refuses CODE PATTERN ARGUMENT... requires an exit code, no result, and a
# message that matches the pattern.
refuses() {
	local want=$1 pattern=$2
	shift 2
	run "$@"
	[ "$code" = "$want" ] && [ ! -s stdout ] && grep -Eq -- "$pattern" stderr && return
	explain "$@"
	fail "$case_name: exit code $code, want $want, no result, and: $pattern"
}

# notes requires that the messages of the last run match a pattern.
notes() {
	grep -Eq -- "$1" stderr && return
	cat stderr
	fail "$case_name: no message matches: $1"
}

explain() {
	echo "fastcount $*"
	cat stderr
	logs
}

# case names the cases that follow.
case_name=start
case_of() {
	case_name=$1
	log "$1"
}

# nowhere: a request to a server or proxy that is not there ends without
# retries that would take longer, and the message names which.
nowhere() {
	case_of "nothing listens"
	refuses 5 "connect to $server:9: connection refused" "http://$server:9/x.csv"
	notes 'check the address and whether the server is running'
	[ "$took" -le 30 ] || fail "$case_name: took $took s"
	HTTP_PROXY=http://$server:9 refuses 5 "through the proxy http://$server:9: connect to $server:9: connection refused" http://data.example/x.csv
	[ "$took" -le 30 ] || fail "$case_name: took $took s"
	refuses 5 'look up nowhere.invalid' http://nowhere.invalid/x.csv
	[ "$took" -le 30 ] || fail "$case_name: took $took s"

	case_of "an address that does not answer"
	ip tuntap add silent mode tun
	ip address add 198.51.100.1/24 dev silent
	ip link set silent up
	refuses 5 'export demo: timeout: connect to 198.51.100.7:80$' demo --server http://198.51.100.7
	[ "$took" -le 40 ] || fail "$case_name: took $took s"
	HTTPS_PROXY=http://198.51.100.7:3128 refuses 5 \
		'through the proxy http://198.51.100.7:3128: timeout: connect to 198.51.100.7:3128$' https://data.example/x.csv
	[ "$took" -le 40 ] || fail "$case_name: took $took s"
}

main "$@"
