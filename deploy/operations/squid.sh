# squid as a forward proxy. Sourced by test.sh.

squid() { # PORT LINE... starts squid with a configuration
	local port=$1
	shift
	mkdir -p "squid/$port"
	chmod 777 squid "squid/$port"
	{
		printf '%s\n' "http_port $server:$port" "pid_filename $base/squid/$port/pid" "cache_log $base/squid/cache.log" \
			"access_log stdio:$base/squid/$port/access.log" "unlinkd_program $root/usr/lib/squid/unlinkd" 'cache deny all' 'cache_effective_user proxy' 'shutdown_lifetime 1 seconds' \
			"mime_table $root/usr/share/squid/mime.conf" "icon_directory $root/usr/share/squid/icons" \
			"error_directory $root/usr/share/squid/errors/templates" 'pinger_enable off' 'visible_hostname proxies' \
			'acl tls_ports port 8108' 'acl CONNECT method CONNECT'
		printf '%s\n' "$@"
		printf '%s\n' 'http_access deny CONNECT !tls_ports' 'http_access allow all'
	} >"squid/$port/conf"
	LD_LIBRARY_PATH=$libraries "$root/usr/sbin/squid" -N -f "$base/squid/$port/conf" >"squid-$port.log" 2>&1 &
	listening "$port"
}

libraries=$(dirname "$(find "$root" -name 'libecap.so.3' | head -n 1)")
mkdir -p squid
squid 3128
squid 3129 'client_persistent_connections off' 'server_persistent_connections off'
squid 3130 "auth_param basic program $root/usr/lib/squid/basic_fake_auth" 'acl known proxy_auth REQUIRED' 'http_access deny !known'
log "squid $(LD_LIBRARY_PATH=$libraries "$root/usr/sbin/squid" -v | sed -n 's/^Squid Cache: Version //p')"

through() { # PORT COMMAND... runs a command with a proxy
	local url=http://$server:$1
	shift
	HTTP_PROXY=$url HTTPS_PROXY=$url "$@"
}

case_of "squid: http and https"
through 3128 counts "${demo[@]}" --server http://data.example:8000
through 3128 counts "${demo[@]}" "${trusted[@]}" --server https://data.example:8108
grep -q 'CONNECT data.example:8108' squid/3128/access.log || fail "$case_name: squid was not used"
through 3128 counts "${demo[@]}" --server http://data.example:8107 # gzip
through 3129 counts "${demo[@]}" --server http://data.example:8000
NO_PROXY=data.example through 9 counts "${demo[@]}" --server http://data.example:8000

case_of "squid: a server that is cut"
through 3128 counts "${demo[@]}" --server http://data.example:8002
through 3128 refuses 9 'rows counted, 9014 declared' "${demo[@]}" --server http://data.example:8102

case_of "squid: refusals"
through 3128 refuses 7 "the proxy http://$server:3128 answered 403 Forbidden" "${trusted[@]}" demo --server https://data.example:8120
notes '^hint: .*HTTPS_PROXY'
through 3130 refuses 7 "the proxy http://$server:3130 answered 407 Proxy Authentication Required" demo --server http://data.example:8000
notes '^hint: .*with its name and password'
through 3130 refuses 7 "the proxy http://$server:3130 answered 407" "${trusted[@]}" demo --server https://data.example:8108
HTTP_PROXY=http://ward:secret@$server:3130 counts "${demo[@]}" --server http://data.example:8000

case_of "squid: no server"
through 3128 refuses 5 "the proxy http://$server:3128 answered 50[34]" demo --retries 1 --server http://data.example:9
