#!/usr/bin/env bash
# Counts a plan with the manifests of this directory, unchanged, on the API
# server and the controllers of Kubernetes. A program (tools/nodes) plays the
# scheduler and two nodes, and runs the containers of pods as processes.
# Processes are killed, a node is drained while its pods run, and a partial
# result is lost. The result must have the same bytes as that of one run.
#
# Requires Linux, Go, root, jq, openssl and apt-get. It builds Kubernetes, which
# takes about seven minutes of processor time when nothing is compiled yet, and
# unpacks etcd into a temporary directory. The exit code is 3 if this machine
# cannot run the test.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../testlib.sh"

[ "$(id -u)" = 0 ] || skip "requires root"
for program in apt-get jq openssl; do
	command -v "$program" >/dev/null || skip "requires $program"
done

logs() { tail -n 5 "$work"/*.log || true; }
finish() {
	if [ -n "${nodes:-}" ]; then
		kill -TERM "$nodes" && wait "$nodes" || true # it ends the processes of pods
	fi
	# shellcheck disable=SC2046 # one argument for each
	{ [ -z "$(jobs -p)" ] || kill -KILL $(jobs -p); wait; } 2>/dev/null
}

# build builds the parts of a cluster.
build() {
	local targets=(. k8s.io/kubernetes/cmd/kube-apiserver k8s.io/kubernetes/cmd/kube-controller-manager k8s.io/kubernetes/cmd/kubectl)
	go build -C "$top/tools/nodes" -o "$work/bin/" "${targets[@]}"
	debian_packages "$work/debian" etcd-server
	PATH=$work/debian/root/usr/bin:$PATH
	log "Kubernetes $(go list -C "$top/tools/nodes" -m -f '{{.Version}}' k8s.io/kubernetes) is built"
}

# start_cluster starts a control plane and two nodes. All processes on node n2
# are stopped as soon as they have started, and the first process of every third
# index is killed.
start_cluster() {
	local etcd=http://127.0.0.1:$port server=https://127.0.0.1:$((port + 2))
	etcd --data-dir etcd --listen-client-urls "$etcd" --advertise-client-urls "$etcd" \
		--listen-peer-urls "http://127.0.0.1:$((port + 1))" &>etcd.log &
	openssl genrsa -out key.pem 2048 2>/dev/null
	echo 'secret,admin,1,system:masters' >tokens.csv
	kube-apiserver --etcd-servers "$etcd" --bind-address 127.0.0.1 --secure-port $((port + 2)) --cert-dir certificates \
		--token-auth-file tokens.csv --authorization-mode RBAC --service-cluster-ip-range 10.0.0.0/24 \
		--service-account-issuer "$server" --service-account-key-file key.pem --service-account-signing-key-file key.pem &>server.log &
	export KUBECONFIG=$work/kubeconfig
	kubectl config set-cluster test --server "$server" --insecure-skip-tls-verify >/dev/null
	kubectl config set-credentials admin --token secret >/dev/null
	kubectl config set-context test --cluster test --user admin >/dev/null
	kubectl config use-context test >/dev/null
	wait_for "the API server" 120 ready
	kube-controller-manager --kubeconfig "$KUBECONFIG" --leader-elect=false --secure-port 0 \
		--service-account-private-key-file key.pem &>controllers.log &
	wait_for "the controllers" 120 has_account
	nodes -kubeconfig "$KUBECONFIG" -counting "$work" -kill 3 -stop n2 n1 n2 &>nodes.log &
	nodes=$!
	log "the cluster is up"
}

ready() { kubectl get --raw /readyz &>/dev/null; }
has_account() { kubectl get serviceaccount default &>/dev/null; }

# stopped reports whether node n2 runs as many pods as it can.
stopped() { [ "$(kubectl get pods --field-selector spec.nodeName=n2,status.phase=Running -o name | wc -l)" -ge 8 ]; }

apply() { kubectl apply --validate=strict -f "$here/$1" >/dev/null; }

# failed prints the reason for which a job has failed.
failed() { kubectl get "job/$1" -o jsonpath='{.status.conditions[?(@.type=="Failed")].reason}'; }
has_failed() { [ -n "$(failed "$1")" ]; }

# count runs the two jobs.
count() {
	apply count.yaml
	wait_for "pods on node n2" 60 stopped
	kubectl drain n2 --force &>drain.log || fail "the node cannot be drained"
	log "node n2 is drained, with 8 pods"
	kubectl wait --for=condition=complete --timeout=5m job/fastcount >/dev/null || { logs; fail "the job has failed"; }
	log "counted, with $(grep -c killing nodes.log) processes killed and $(grep -c '^pod/.* evicted' drain.log) pods evicted"
	apply merge.yaml
	kubectl wait --for=condition=complete --timeout=1m job/fastcount-merge >/dev/null
	cmp counts.json single.json
}

# lose deletes a partial result, and counts it again as README.md describes.
lose() {
	rm counts.json parts/shard-000007-of-000064.partial
	kubectl delete job fastcount-merge >/dev/null
	apply merge.yaml
	wait_for "the merge to fail" 60 has_failed fastcount-merge
	[ "$(failed fastcount-merge)" = PodFailurePolicy ] || fail "the merge was repeated"
	[ ! -e counts.json ] || fail "there is a result"
	log "a partial result is lost, and the merge fails at once"
	sed -n '/^missing=/,/^```/p' "$here/README.md" | sed '$d' >recipe.sh
	cp "$here"/{count,merge}.yaml .
	bash -e recipe.sh >recipe.log || fail "the recipe of README.md failed"
	kubectl wait --for=condition=complete --timeout=1m job/fastcount-merge >/dev/null
	cmp counts.json single.json
}

prepare
port=${TEST_PORT:-23790}
build
start_cluster
count
lose
log "done: the same bytes each time"
