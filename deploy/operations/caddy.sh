# caddy as a reverse proxy, with HTTP/2. Sourced by test.sh.

cat >caddyfile <<-END
	{
		admin off
		auto_https off
		default_bind $server
	}
	(tls) {
		tls $base/tls/server.crt $base/tls/server.key
	}
	https://data.example:8200 {
		import tls
		encode zstd gzip
		reverse_proxy $server:8000
	}
	https://data.example:8201 {
		tls $base/tls/server.crt $base/tls/server.key {
			client_auth {
				mode require_and_verify
				trusted_ca_cert_file $base/tls/ca.crt
			}
		}
		reverse_proxy $server:8000
	}
	https://data.example:8202 {
		import tls
		reverse_proxy $server:8002
	}
	https://data.example:8203 {
		import tls
		@data path_regexp ^/api/export/[^/]+/[^/]+/data$
		redir @data https://store.example:8200{uri} 307
		reverse_proxy $server:8000
	}
	https://data.example:8204 {
		import tls
		reverse_proxy $server:9
	}
END
"$root/usr/bin/caddy" run --adapter caddyfile --config caddyfile >caddy.log 2>&1 &
for port in 8200 8204; do listening $port; done
log "caddy $("$root/usr/bin/caddy" version)"

case_of "caddy: TLS, and compression with zstd"
counts "${demo[@]}" "${trusted[@]}" --stats=json --server https://data.example:8200
[ "$(sed -n 's/.*"bytes_read":\([0-9]*\),.*/\1/p' stderr)" -lt 400000 ] || fail "$case_name: not compressed"

case_of "caddy: client certificates"
refuses 7 'client certificate' demo "${trusted[@]}" --server https://data.example:8201
counts "${demo[@]}" "${trusted[@]}" --client-cert tls/client.crt --client-key tls/client.key --server https://data.example:8201
refuses 7 'client certificate' demo "${trusted[@]}" --client-cert tls/stranger.crt --client-key tls/stranger.key --server https://data.example:8201

case_of "caddy: a server that is cut"
counts "${demo[@]}" "${trusted[@]}" --server https://data.example:8202

case_of "caddy: redirect of the data to another origin"
refuses 7 'redirect refused' demo "${trusted[@]}" --server https://data.example:8203

case_of "caddy: no server"
refuses 5 'the server answered 502 Bad Gateway' demo --retries 1 "${trusted[@]}" --server https://data.example:8204
