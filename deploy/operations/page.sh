# The files and commands of docs/operations.md. Sourced by test.sh.

# block NAME prints a block of the page, which begins with ```LANGUAGE file=NAME.
block() {
	awk -v name="$1" '/^```/ { on = $2 == "file=" name; next } on' "$top/docs/operations.md" >"page/$1"
	[ -s "page/$1" ] || fail "the page has no block $1"
	cat "page/$1"
}

# published requires that a command prints the counts of the export demo.
published() {
	cases=$((cases + 1))
	"$@" >stdout 2>stderr || { cat stderr; fail "$case_name: $*"; }
	cmp stdout demo.json || fail "$case_name: $*"
}

mkdir -p page
libraries=$(dirname "$(find "$root" -name 'libsystemd-shared-*.so' | head -n 1)")
for dir in /usr/local/bin /var/lib /etc/nginx; do
	mkdir -p "$dir"
	mount -t tmpfs tmpfs "$dir"
done
cp bin/fastcount /usr/local/bin
mkdir -p /var/lib/fastcount /var/lib/prometheus/node-exporter /etc/nginx/tls

case_of "the page: systemd"
mkdir -p units/fastcount.service.d
block fastcount.service >units/fastcount.service
block fastcount.timer >units/fastcount.timer
analyze() { LD_LIBRARY_PATH=$libraries:${libraries%/*} SYSTEMD_UNIT_PATH=$base/units:$root/lib/systemd/system "$root/usr/bin/systemd-analyze" "$@"; }
analyze verify --man=no units/fastcount.service units/fastcount.timer 2>stderr || { cat stderr; fail "$case_name"; }
[ ! -s stderr ] || { cat stderr; fail "$case_name: warnings"; }
block state.conf >units/fastcount.service.d/state.conf
analyze verify --man=no units/fastcount.service 2>stderr && [ ! -s stderr ] || { cat stderr; fail "$case_name: state.conf"; }
analyze security --no-pager --offline=yes --threshold=40 units/fastcount.service >security.log 2>&1 || { tail -n 2 security.log; fail "$case_name: exposed"; }

case_of "the page: a private authority, nginx and client certificates"
block certificates.sh >/dev/null
(cd page && sh -eu certificates.sh) 2>>openssl.log
cp page/*.crt page/*.key /etc/nginx/tls
{
	printf 'daemon off;\nuser root;\npid %s/nginx/page.pid;\nevents {}\nhttp {\naccess_log off;\n' "$base"
	for name in client_body proxy fastcgi uwsgi scgi; do
		printf '%s_temp_path %s/nginx/%s;\n' "$name" "$base" "$name"
	done
	block nginx.conf
	printf '}\n'
} >nginx/page.conf
fastcount serve --listen 127.0.0.1:8000 >serve-page.log 2>&1 &
"$root/usr/sbin/nginx" -c "$base/nginx/page.conf" -e "$base/nginx/error.log" >nginx-page.log 2>&1 &
listening 443
block mtls.sh >/dev/null
published sh -c 'cd page && sh -eu mtls.sh'
refuses 7 'does not accept the client certificate, or requires one' --server https://data.example --ca-file page/ca.crt demo

case_of "the page: the commands of the service and of cron"
export FASTCOUNT_CA_FILE=$base/page/ca.crt FASTCOUNT_CLIENT_CERT=$base/page/client.crt FASTCOUNT_CLIENT_KEY=$base/page/client.key
metrics=/var/lib/prometheus/node-exporter/fastcount.prom
install -m 600 token /var/lib/fastcount/token
command_of_service=$(sed -e ':join' -e '/\\$/{N;s/\\\n *//;b join' -e '}' units/fastcount.service | sed -n 's/^ExecStart=//p')
command_of_cron=$(block fastcount.cron | sed -n 's/^0 3 \* \* \* fastcount //p')
for command in "$command_of_service" "$command_of_cron"; do
	rm -f /var/lib/fastcount/counts.json "$metrics"
	CREDENTIALS_DIRECTORY=/var/lib/fastcount sh -c "$command" >stdout 2>stderr || { cat stderr; fail "$case_name: $command"; }
	[ ! -s stdout ] && [ ! -s stderr ] || { cat stdout stderr; fail "$case_name: a complete run prints something"; }
	cmp /var/lib/fastcount/counts.json demo.json
	grep -q '^fastcount_exit_code{export="demo"} 0$' "$metrics" || fail "$case_name: $metrics"
done
unset FASTCOUNT_CA_FILE FASTCOUNT_CLIENT_CERT FASTCOUNT_CLIENT_KEY

case_of "the page: Prometheus"
promtool=$root/usr/bin/promtool
block fastcount.rules.yml >rules.yml
"$promtool" check rules rules.yml >promtool.log 2>&1 || { cat promtool.log; fail "$case_name: rules"; }
cp "$here/alerts.yml" alerts.yml
"$promtool" test rules alerts.yml >promtool.log 2>&1 || { cat promtool.log; fail "$case_name: alerts"; }
"$promtool" check metrics <"$metrics" >promtool.log 2>&1 || { cat promtool.log; fail "$case_name: metrics"; }
fastcount -q --metrics-file "${metrics%/*}/other.prom" --metrics-label 'export=other "x"' none.csv 2>/dev/null || true
"$root/usr/bin/prometheus-node-exporter" --collector.disable-defaults --collector.textfile \
	--collector.textfile.directory="${metrics%/*}" --web.listen-address="$server:9100" >exporter.log 2>&1 &
listening 9100
exec 3<>"/dev/tcp/$server/9100"
printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3
cat <&3 >exported
exec 3>&-
for line in 'node_textfile_scrape_error 0' 'fastcount_rows{export="demo"} 18784' 'fastcount_error_info{class="none",export="demo"} 1' \
	'fastcount_last_success_seconds{export="other \"x\""} 0' 'fastcount_exit_code{export="other \"x\""} 4'; do
	grep -qxF "$line" exported || { grep -E '^(fastcount|node_textfile)' exported; fail "$case_name: the node exporter has no $line"; }
done

case_of "the page: rclone and presigned URLs"
fastcount generate -q demo --out-dir store
export RCLONE_CONFIG_REMOTE_TYPE=alias RCLONE_CONFIG_REMOTE_REMOTE=$base/store PATH=$PATH:$root/usr/bin
block rclone.sh >/dev/null
mkdir store/DIR
mv store/*.csv store/DIR
published sh -eu page/rclone.sh
rclone copy REMOTE:DIR copied 2>/dev/null
published fastcount 'copied/*.csv'
published fastcount --expect-rows 18784 - < <(rclone cat "REMOTE:DIR/$(ls store/DIR | head -n 1)" && rclone cat "REMOTE:DIR/$(ls store/DIR | tail -n 1)" | tail -n +2)
printf 'http://%s:8000/%s?X-Amz-Signature=canary\n' "$server" "$path" | fastcount -v --files-from - >stdout 2>stderr
! grep -q canary stdout stderr || fail "$case_name: the signature is shown"
