#!/usr/bin/env bash
# Runs the commands of docs/recipes.md with the programs that they need. It
# installs those from PyPI and with apt-get (as root), and starts a PostgreSQL
# server of its own.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
chmod 755 "$work"
server=
cleanup() {
	[[ -z $server ]] || as_postgres "$server/pg_ctl" -s -m immediate -D "$work/data" stop
	rm -rf "$work"
}
trap cleanup EXIT

as_postgres() { (cd / && runuser -u postgres -- "$@"); }

packages=()
command -v sqlite3 >/dev/null || packages+=(sqlite3)
command -v mlr >/dev/null || packages+=(miller)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || packages+=(postgresql)
if ((${#packages[@]})); then
	export DEBIAN_FRONTEND=noninteractive
	apt-get -q -o DPkg::Lock::Timeout=300 update
	apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "${packages[@]}"
fi
python3 -m venv "$work/python"
"$work/python/bin/pip" install -q --disable-pip-version-check duckdb-cli==1.5.6 xlsx2csv==0.8.6

server=$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -n 1)
install -d -o postgres "$work/data"
as_postgres "$server/initdb" -D "$work/data" -A trust >/dev/null
as_postgres "$server/pg_ctl" -s -w -D "$work/data" -l "$work/data/log" -o "-k $work/data -h ''" start
PATH=$work/python/bin:$PATH PGHOST=$work/data go test -count=1 -run TestReadme/recipes.md ./internal/testing/docs -require
