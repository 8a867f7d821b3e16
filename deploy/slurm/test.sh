#!/usr/bin/env bash
# Counts a plan on Slurm, with a controller and two nodes on this machine. Tasks
# are killed at random, and a node is lost with its tasks. The two job scripts
# in this directory run unchanged, and so do the recipes for GNU parallel. The
# result must have the same bytes as that of one run on one machine.
#
# Requires root and Debian's packages, which are downloaded but not installed.
# Everything runs in namespaces for processes, mounts and network that end with
# this script. It leaves no processes, files or users. The exit code is 3 if
# this machine cannot run the test.
set -euo pipefail
self=$(realpath "$0")
here=${self%/*}
top=$(realpath "$here/../..")
. "$here/../testlib.sh"
base=/media # mount point of a tmpfs that only this script sees
root=$base/root
shards=8
address=192.0.2.1 # reserved for documentation (RFC 5737)

main() {
	case ${1:-} in
	'') enter ;;
	fetch) fetch ;;
	count) count ;;
	node) node "$2" ;;
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
	(cd "$top" && go build -o "$base/bin/fastcount" ./cmd/fastcount)
	debian_packages "$base" munge libmunge2 slurmctld slurmd slurm-client slurm-wlm-basic-plugins parallel
	log "Slurm $(dpkg-deb -f "$base"/apt/archives/slurmd_*.deb Version) is unpacked"
	exec unshare --net --uts "$self" count
}

# count runs all tests.
count() {
	cd "$base"
	ip link set lo up
	ip address add "$address/32" dev lo # names are not resolved if 127.0.0.1 is the only address
	printf '%s localhost\n' 127.0.0.1 >hosts
	printf '%s controller n1 n2\n' "$address" >>hosts
	mount --bind hosts /etc/hosts
	hostname controller
	export PATH=$base/bin:$root/usr/bin:$PATH HOME=$base/home TMPDIR=$base/tmp
	fastcount generate small --out-dir data -q
	gzip -1 data/0[0-2]_*.csv
	fastcount -q data/* >single.json
	cmp single.json "$top/outputs/small.json"
	fastcount plan -q data/* >work.plan
	on_slurm
	on_parallel
	log "done: the same bytes each time"
}

# on_slurm counts files on Slurm.
on_slurm() {
	start_cluster
	break_tasks
	cp "$here"/{array,merge}.sbatch .
	export SHARDS=$shards ROUNDS=8 PATH=$base/broken:$PATH
	local array
	array=$(sbatch --parsable --array=0-$((shards - 1)) array.sbatch)
	sbatch --parsable --dependency="afterany:$array" merge.sbatch >/dev/null
	wait_for "tasks on both nodes" 120 test -e "$base/stopped"
	kill -9 "${nodes[1]}"
	log "node n2 is lost, with its tasks"
	wait_for "the result" 300 test -e counts.json
	printf '%s\n' fastcount-merge-*.log | sort -V | xargs grep -h '^missing: ' || fail "no task was lost"
	cmp counts.json single.json
	local attempts=(attempts/*)
	log "counted on Slurm, in ${#attempts[@]} tasks"
	stop_cluster
}

# start_cluster starts a controller, and two nodes in namespaces of their own.
start_cluster() {
	local libraries
	libraries=$(dirname "$(find "$root" -name 'libmunge.so.2')")
	export LD_LIBRARY_PATH=$libraries:$libraries/slurm-wlm SLURM_CONF=$base/slurm.conf
	mkdir -p "$base"/{munge,state,spool/n1,spool/n2}
	(umask 077 && head -c 128 /dev/urandom >munge/key)
	settings "$libraries/slurm-wlm" >slurm.conf
	"$root/usr/sbin/munged" --foreground --socket="$base/munge/socket" --key-file="$base/munge/key" \
		--seed-file="$base/munge/seed" --pid-file="$base/munge/pid" --log-file="$base/munge/log" &>munge.log &
	daemons=($!)
	disown
	wait_for "munged" 60 test -S munge/socket
	"$(echo "$root"/usr/sbin/slurmctld*)" -D &>controller.log &
	daemons+=($!)
	disown
	nodes=()
	for node in n1 n2; do
		unshare --pid --mount-proc --uts --fork --kill-child "$self" node "$node" &>"$node.log" &
		nodes+=($!)
		disown
	done
	wait_for "two idle nodes" 120 idle
	log "Slurm is up"
}

idle() { [ "$(sinfo -h -N -t idle -o %N 2>/dev/null | wc -l)" = 2 ]; }

# node runs the daemon of a node.
node() {
	hostname "$1"
	exec "$(echo "$root"/usr/sbin/slurmd*)" -D -N "$1" -d "$(echo "$root"/usr/sbin/slurmstepd*)"
}

# settings prints slurm.conf. Nodes declare more processors than there are, so
# that each runs two tasks at the same time.
settings() {
	cat <<-END
		ClusterName=test
		SlurmctldHost=controller
		SlurmUser=root
		PluginDir=$1
		AuthType=auth/munge
		AuthInfo=socket=$base/munge/socket
		StateSaveLocation=$base/state
		SlurmdSpoolDir=$base/spool/%n
		SlurmctldPidFile=$base/slurmctld.pid
		SlurmdPidFile=$base/%n.pid
		MailProg=/bin/true
		MpiDefault=none
		ProctrackType=proctrack/linuxproc
		TaskPlugin=task/none
		SelectType=select/cons_tres
		SelectTypeParameters=CR_CPU
		SchedulerParameters=batch_sched_delay=1,sched_interval=2
		SlurmdParameters=config_overrides
		SlurmdTimeout=5
		JobRequeue=0
		NodeName=n1 Port=7001 CPUs=8 RealMemory=8000
		NodeName=n2 Port=7002 CPUs=8 RealMemory=8000
		PartitionName=all Nodes=n1,n2 Default=YES
	END
}

stop_cluster() { kill -9 "${nodes[0]}" "${daemons[@]}"; }

# break_tasks creates a fastcount, to precede the real one in PATH, that is
# killed at a random time in about half of the first two attempts of a task. On
# node n2 it stops forever, once before it begins: that node is lost while its
# tasks run.
break_tasks() {
	mkdir -p broken attempts
	cat >broken/fastcount <<-END
		#!/usr/bin/env bash
		[ -n "\${SLURM_ARRAY_TASK_ID:-}" ] || exec $base/bin/fastcount "\$@"
		touch "$base/attempts/\$SLURM_ARRAY_TASK_ID.\$SLURM_JOB_ID"
		attempts=("$base/attempts/\$SLURM_ARRAY_TASK_ID".*)
		moment=0.0\$((RANDOM % 5))
		if [ "\$SLURMD_NODENAME" = n2 ]; then
			mkdir $base/stopped 2>/dev/null && sleep infinity
			signal=STOP moment=0.00\$((RANDOM % 10))
		elif [ \${#attempts[@]} -le 2 ] && [ \$((RANDOM % 2)) = 0 ]; then
			signal=KILL
		else
			exec $base/bin/fastcount "\$@"
		fi
		$base/bin/fastcount "\$@" &
		sleep \$moment
		kill -\$signal \$!
		[ \$signal = KILL ] && kill -KILL \$\$
		sleep infinity
	END
	chmod +x broken/fastcount
}

# on_parallel counts with GNU parallel as described in parallel.md: an export
# with explicit numbers of shards, some of which are lost, and files, gzip and
# an export with automatic ones.
on_parallel() {
	fastcount plan -q small >work.plan
	seq 0 $((shards - 1)) | parallel --retries 3 fastcount -q -j 1 --plan work.plan --shard {}/$shards --out-dir parallel
	rm parallel/shard-00000[146]-*
	fastcount merge --missing parallel | tr , '\n' | parallel fastcount -q -j 1 --plan work.plan --shard {}/$shards --out-dir parallel
	fastcount merge -q parallel | cmp - single.json

	fastcount -q data/* demo >mixed.json
	fastcount plan -q data/* demo >mixed.plan
	seq $shards | parallel --retries 3 -N0 fastcount -q -j 1 --plan mixed.plan --shard auto/$shards --out-dir mixed
	fastcount merge -q mixed | cmp - mixed.json
	log "counted with GNU parallel"
}

logs() { tail -n 20 "$base"/*.log || true; }

main "$@"
