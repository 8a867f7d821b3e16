# nginx as a reverse proxy. Sourced by test.sh.

# site PORT LINE... prints a server that passes requests on, with these lines in its configuration.
site() {
	printf '\tserver {\n\t\tlisten %s:%s;\n' "$server" "$1"
	shift
	printf '\t\t%s\n' "$@"
	printf '\t}\n'
}

tls=("ssl_certificate $base/tls/server.crt;" "ssl_certificate_key $base/tls/server.key;")
data='~ ^/api/export/[^/]+/[^/]+/data$'
mkdir -p nginx
chmod 777 nginx
printf 'ward:%s\n' "$(openssl passwd -apr1 secret)" >nginx/users
{
	printf '%s\n' 'worker_processes 1;' "pid $base/nginx/pid;" 'daemon off;' 'user root;' \
		'events {}' 'http {' \
		"	log_format secrets '\$server_port \$uri [\$http_authorization]';" \
		"	access_log $base/nginx/access.log secrets;" \
		'	limit_req_zone $binary_remote_addr zone=slow:1m rate=3r/s;' \
		"	upstream kept { server $server:8000; keepalive 4; }"
	for name in client_body proxy fastcgi uwsgi scgi; do
		printf '\t%s_temp_path %s/nginx/%s;\n' "$name" "$base" "$name"
	done
	site 8100 "location / { proxy_pass http://$server:8000; }" # HTTP/1.0 to the server, the default
	site 8101 'location / { proxy_pass http://kept; proxy_http_version 1.1; proxy_set_header Connection ""; }'
	site 8102 "location / { proxy_pass http://$server:8001; }"
	site 8121 "location / { proxy_pass http://$server:8007; }"
	site 8103 "location / { proxy_pass http://$server:8002; }"
	site 8104 "location / { proxy_pass http://$server:8002; proxy_http_version 1.1; }"
	site 8105 'limit_req zone=slow;' "location / { proxy_pass http://$server:8000; }"
	site 8106 'limit_req zone=slow;' 'limit_req_status 429;' "location / { proxy_pass http://$server:8000; }"
	site 8107 'gzip on;' 'gzip_types text/csv;' 'gzip_proxied any;' "location / { proxy_pass http://$server:8000; }"
	site '8108 ssl' "${tls[@]}" "location / { proxy_pass http://$server:8000; }"
	site '8109 ssl' "${tls[@]}" "ssl_client_certificate $base/tls/ca.crt;" 'ssl_verify_client on;' "location / { proxy_pass http://$server:8000; }"
	site '8110 ssl' "ssl_certificate $base/tls/expired.crt;" "ssl_certificate_key $base/tls/expired.key;" 'return 204;'
	site '8111 ssl' "ssl_certificate $base/tls/elsewhere.crt;" "ssl_certificate_key $base/tls/elsewhere.key;" 'return 204;'
	site 8112 "location / { proxy_pass http://$server:8000; }" "location $data { return 307 http://store.example:8100\$request_uri; }"
	site 8113 'keepalive_requests 2;' "location / { proxy_pass http://$server:8000; }"
	site 8114 'keepalive_timeout 0;' "location / { proxy_pass http://$server:8000; }"
	site 8115 'auth_basic ward;' "auth_basic_user_file $base/nginx/users;" "location / { proxy_pass http://$server:8000; proxy_set_header Authorization \"\"; }"
	site 8116 "location / { proxy_pass http://$server:9; }" # nothing listens there
	site 8117 'proxy_read_timeout 1s;' "location / { proxy_pass http://$server:8003; proxy_http_version 1.1; }"
	site 8118 "location / { proxy_pass http://$server:8000; }" "location $data { proxy_pass http://$server:8000; add_header Content-Encoding br; }"
	site 8119 "location / { proxy_pass http://$server:8000; }" "location $data { proxy_pass http://$server:8000; add_header Content-Encoding gzip; }"
	site '8120 ssl http2' "${tls[@]}" 'http2_max_concurrent_streams 1;' "location / { proxy_pass http://$server:8000; }"
	printf '}\n'
} >nginx/conf
"$root/usr/sbin/nginx" -c "$base/nginx/conf" -e "$base/nginx/error.log" >nginx.log 2>&1 &
for port in 8100 8121; do listening $port; done
log "nginx $("$root/usr/sbin/nginx" -v 2>&1 | sed 's|.*/||')"

at() { echo "http://$server:$1"; }
demo=(demo --retries 3)
first=f725622a-22ea-4acc-aab8-810ec8b5e2c6 # the first download of the export
path=api/export/demo/$first/data

case_of "nginx: HTTP/1.0 and kept HTTP/1.1 connections to the server"
counts "${demo[@]}" --server "$(at 8100)"
counts "${demo[@]}" --server "$(at 8101)"

case_of "nginx: HTTP/1.0 server that is cut, which nginx presents as complete"
refuses 9 'rows counted, 9014 declared' "${demo[@]}" --server "$(at 8102)"
refuses 6 'line 2301, byte 99963: wrong number of fields' "${demo[@]}" --server "$(at 8121)"
counts "${demo[@]}" --server "$(at 8103)"
run "$(at 8102)/$path" # a URL declares no number of rows
[ "$code" = 0 ] || fail "$case_name: exit code $code"
notes 'proof of completeness: framing \(the sender marked the end; a proxy can hide a cut\)'
refuses 9 'framing' --require length "$(at 8102)/$path"
refuses 9 'rows' --expect-rows 9014 "$(at 8102)/$path"

case_of "nginx: HTTP/1.1 server that is cut or stalls"
counts "${demo[@]}" --server "$(at 8104)"
counts "${demo[@]}" --server "$(at 8117)"

case_of "nginx: limits of requests"
counts demo --server "$(at 8105)"
notes 'the server answered 503 Service Unavailable'
counts demo --server "$(at 8106)"
notes 'the server answered 429 Too Many Requests'
refuses 5 'the server answered (429|503)' demo small --retries 0 --server "$(at 8106)"

case_of "nginx: compression"
counts "${demo[@]}" --stats=json --server "$(at 8107)"
[ "$(sed -n 's/.*"bytes_read":\([0-9]*\),.*/\1/p' stderr)" -lt 400000 ] || fail "$case_name: not compressed"
refuses 6 'Content-Encoding that was not requested: br' "${demo[@]}" --server "$(at 8118)"
notes '^hint: .*curl -s --compressed URL'
refuses 6 'Content-Encoding is wrong' "${demo[@]}" --server "$(at 8119)"
notes '^hint: .*correct the header Content-Encoding'

case_of "nginx: TLS with a private authority"
name=https://data.example
refuses 7 'certificate of the server is not valid: signed by an unknown authority' demo --server $name:8108
notes '^hint: .*--ca-file FILE'
trusted=(--ca-file tls/ca.crt)
counts "${demo[@]}" "${trusted[@]}" --server $name:8108
counts "${demo[@]}" "${trusted[@]}" --server $name:8120
refuses 7 'expired or not yet valid' demo "${trusted[@]}" --server $name:8110
refuses 7 'for another host' demo "${trusted[@]}" --server $name:8111
refuses 7 'the server uses TLS there' demo --server http://data.example:8108
refuses 7 'the server does not use TLS' demo "${trusted[@]}" --server $name:8100

case_of "nginx: client certificates"
refuses 7 'does not accept the client certificate, or requires one' demo "${trusted[@]}" --server $name:8109
notes '^hint: .*--client-cert'
counts "${demo[@]}" "${trusted[@]}" --client-cert tls/client.crt --client-key tls/client.key --server $name:8109
refuses 7 'does not accept the client certificate, or requires one' demo "${trusted[@]}" \
	--client-cert tls/stranger.crt --client-key tls/stranger.key --server $name:8109
refuses 2 'the client certificate cannot be used' demo "${trusted[@]}" \
	--client-cert tls/client.crt --client-key tls/stranger.key --server $name:8109
refuses 2 'the client certificate cannot be used' demo "${trusted[@]}" \
	--client-cert tls/expired.crt --client-key tls/expired.key --server $name:8109

case_of "nginx: redirect of the data to another origin"
printf 'canary\n' >token
chmod 600 token
secret=(--token-file token --allow-http-token)
refuses 7 'redirect refused' demo "${secret[@]}" --server "$(at 8112)"
notes '^hint: .*--allow-redirect HOST'
counts "${demo[@]}" "${secret[@]}" --allow-redirect store.example:8100 --server "$(at 8112)"
grep -q '^8112 .* \[Bearer canary\]$' nginx/access.log || fail "$case_name: the server got no token"
! grep '^8100 .*canary' nginx/access.log || fail "$case_name: the other origin got the token"

case_of "nginx: connections that end after two requests, or after each"
counts "${demo[@]}" --server "$(at 8113)"
counts "${demo[@]}" --server "$(at 8114)"

case_of "nginx: name and password"
refuses 7 'the server answered 401 Unauthorized' demo --server "$(at 8115)"
notes '^hint: .*Authorization: Basic '
printf 'Authorization: Basic %s\n' "$(printf ward:secret | base64)" >basic
chmod 600 basic
counts "${demo[@]}" --header-file basic --allow-http-token --server "$(at 8115)"

case_of "nginx: no server"
refuses 5 'the server answered 502 Bad Gateway' demo --retries 1 --server "$(at 8116)"

case_of "statuses that hold no data"
for status in 202:8004:'still preparing' 204:8005:'no data there' 206:8006:'a part of the data'; do
	IFS=: read -r number port hint <<<"$status"
	refuses 1 "the server answered $number" demo --retries 1 --server "$(at "$port")"
	notes "^hint: .*$hint"
done
