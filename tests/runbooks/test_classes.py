"""What a command may do is told by table; a guess never errs towards silence."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbooks.classes import classify
from runbooks.grammar import SHOWN
from runbooks.placeholders import find, substitute
from runbooks.tables import CommandClass

OBSERVE, MUTATE, DESTRUCTIVE = CommandClass

READS = r"""
curl https://api.example.com/health
curl -s -o /dev/null -w '%{http_code}' https://h/
curl -sSf https://h/ | jq .status
curl -XGET https://h/
curl -I -X HEAD https://h/
curl -H "Authorization: Bearer $TOKEN" https://h/
curl "https://$HOST/health"
curl https://h/ 2>/dev/null | grep ok
curl https://h/ > /dev/null 2>&1
kubectl get pods -n transcript-create -o wide
kubectl -n prod --context=eu get pods
kubectl get pods -n $NAMESPACE
kubectl describe pod api-0
kubectl logs -f deployment/transcript-api -n transcript-create
kubectl top pods
kubectl version
kubectl config view
kubectl config current-context
kubectl rollout status deployment/api
kubectl rollout history deployment/api
kubectl auth can-i get pods
kubectl explain pod
kubectl api-resources
kubectl get events | tail -n 20
docker ps -a
docker logs --tail 50 api
docker inspect -f '{{.State.Status}}' api
docker stats --no-stream
docker system df
docker compose ps
docker compose -f prod.yml logs -f api
docker compose config
docker-compose ps
dig +short api.example.com
nslookup db
ss -ltnp
netstat -an
df -h && free -m; uptime
du -sh /var/log
cat a b | sort | uniq -c | head
ls -la $(pwd)
ls {a,b}
grep -r 'delete from' log
tail -n 100 app.log
wc -l < list
find . -name '*.log' -mtime +7
stat f
sort -k 2 -t , f
jq '.a | .b' f
sed -n 1,20p f
awk '{print $1, $3}' f
ps aux | grep api
date
date -u +%s
env
printenv HOME
echo "drop table x; rm -rf /"
echo ${X:-none} ${#X} ${X%%.*}
printf '%s\n' a
ping -c 3 db
hostname -f
openssl s_client -connect api:443 </dev/null | openssl x509 -noout -dates
systemctl status api
systemctl is-active api
journalctl -u api --since today
git status
git log --oneline -n 5
helm list -A
helm history api
redis-cli ping
redis-cli -h cache INFO
nvidia-smi
nvidia-smi --query-gpu=name,driver_version --format=csv,noheader
rocm-smi --showuse
cd /srv/app
export API=https://h
X=$(curl -s https://h/version)
test -f x && cat x
[ -n "$X" ] || echo none
[[ $X == v1* ]] && echo yes
if [ "$N" -eq 0 ]; then echo none; else ls; fi
for pod in $(kubectl get pods -o name); do kubectl logs "$pod"; done
while ! curl -sf http://h/ready; do sleep 1; done
timeout 5 kubectl get pods
time ls
command -v kubectl
env A=b ls
cat <(ls a) <(ls b)
gonogo show runbook.md
(cd /x && ls)
ls &
"""

CHANGES = r"""
curl -X POST https://h/
curl -sXPOST https://h/
curl -d a=b https://h/
curl -sd a=b https://h/
curl --data-raw a=b https://h/
curl --json '{}' https://h/
curl -F f=@x https://h/
curl -T f https://h/
curl -o f https://h/
curl -sLO https://h/f
curl --output=f https://h/
curl --outp f https://h/
curl -K conf https://h/
curl -c jar https://h/
curl -w '%output{f}x' https://h/
curl $URL
curl "$URL"
curl -X $METHOD https://h/
curl {-o,/tmp/f} https://h/
curl gopher://h/1
curl https://h/ > f
curl https://h/ > /dev/null -o f
curl -sf https://h/install.sh | bash
kubectl exec api -- ls
kubectl exec -it transcript-worker-xxx -- nvidia-smi
kubectl rollout restart deployment/transcript-api -n transcript-create
kubectl rollout undo deployment/api
kubectl apply -f x.yaml
kubectl scale --replicas=0 deployment/api
kubectl config use-context prod
kubectl -n get apply -f x
kubectl $VERB pods
kubectl logs <pod-name> -n x
docker compose restart api worker
docker compose up -d
docker compose down
docker exec db ls
docker run alpine ls
docker --config /tmp/c ps
./scripts/backup_db.sh
/bin/ls
"$CMD" x
$CMD
sudo ls
xargs ls < list
ssh host uptime
bash -c ls
eval ls
exec ls
. ./env.sh
source env.sh
nohup ls
psql -c 'select 1'
redis-cli SET a b
redis-cli
systemctl restart api
service api stop
sort -o f g
sort -uof g
sort --outp=f g
uniq a b
sed -i s/a/b/ f
sed -n 'w f' g
sed 's/a/b/e' f
awk '{system("x")}' f
awk '{print > "f"}' g
find . -name x -exec touch {} +
find . -fprint f
date -s tomorrow
date --se=x
date 010203042026
hostname newname
ss -K dst 10.0.0.1
journalctl --vacuum-time=1d
journalctl --rot
openssl x509 -in a -out b
git -c core.pager=x log
git diff --output=f
git commit -m x
terraform plan
helm upgrade api .
nvidia-smi -pl 200
rocm-smi --setsclk 1
tee f < g
touch f
rm f
ls > f
ls >> f
ls >| f
ls &> f
ls >& f
ls 2> f
ls <> f
> f
cat <(touch f)
ls $(touch f)
ls `touch f`
echo "$(touch f)"
echo "${X:-$(touch f)}"
X=$(touch f)
PATH=/tmp ls
export PATH=/tmp:$PATH
export "PATH=/tmp"
export $X
LD_PRELOAD=x ls
GIT_PAGER=x git log
env LD_PRELOAD=x ls
declare -i X=1
alias ls=touch; ls
ls() { touch f; }
printf -v X y
test -v X
read X
echo ${X:=y} ${X@P}
echo ${!X}
echo $((X))
(( X++ ))
[[ $X -eq 1 ]]
for ((i=0;i<3;i++)); do ls; done
time -o f ls
timeout 5 touch f
if true; then touch f; fi
coproc ls
trap ls EXIT
if ls
echo a \ #> f
echo ==>f
"""

DESTROYS = r"""
rm -rf build
rm -fr build
rm --recursive x
rm x -r
sudo rm -rf /var/x
psql -c 'DROP TABLE users'
echo 'truncate table users' | psql
psql -c "delete from users"
dropdb app
truncate -s 0 app.log
kubectl delete pod api-0
kubectl -n prod delete deployment api
docker compose down -v
docker compose -f prod.yml down --volumes
docker system prune -af
docker volume rm data
mkfs.ext4 /dev/sdb1
dd if=/dev/zero of=/dev/sda
shred f
git push --force origin main
git push -f
git push origin +main
git reset --hard HEAD~1
redis-cli FLUSHALL
redis-cli -h cache flushdb
terraform destroy
helm uninstall api
helm -n prod uninstall api
echo x > /dev/sda
find . -name '*.log' -delete
find . -exec rm {} +
curl -X DELETE https://h/item/1
ssh host 'rm -rf /srv/x'
kubectl exec db -- psql -c 'drop database app'
aws s3 rm --recursive s3://b
rsync -a --delete a/ b/
"""


def commands(text: str) -> list[str]:
    return text.strip().split("\n")


@pytest.mark.parametrize("command", commands(READS))
def test_reads(command: str) -> None:
    found = classify(command)
    assert (found.command_class, found.inferred) == (OBSERVE, True), found.reason
    assert found.reason.startswith("inferred: ")


@pytest.mark.parametrize("command", commands(CHANGES))
def test_changes(command: str) -> None:
    found = classify(command)
    assert (found.command_class, found.inferred) == (MUTATE, True)
    assert found.reason.startswith("mutate: ")


@pytest.mark.parametrize("command", commands(DESTROYS))
def test_destroys(command: str) -> None:
    found = classify(command)
    assert (found.command_class, found.inferred) == (DESTRUCTIVE, True)
    assert "it says `" in found.reason


def test_reasons() -> None:
    reason = classify("systemctl restart api").reason
    assert reason == "mutate: `systemctl restart api` is not on the read-only list"
    assert classify("curl https://h/").reason == "inferred: `curl` only reads"
    assert classify("ls | wc").reason == "inferred: `ls`, `wc` only read"
    assert classify("rm -rf x").reason == "destructive: it says `rm -r`"
    assert classify("ls > out").reason == "mutate: it writes to the file `out`"


@pytest.mark.parametrize(
    "text",
    ["x" * 500, "ls > " + "x" * 500, "rm " + "x" * 300 + " -r", "x='" + "\n" * 99],
)
def test_reasons_are_short(text: str) -> None:
    reason = classify(text).reason
    assert len(reason) < SHOWN + 60 and "\n" not in reason


@pytest.mark.parametrize(
    ("declared", "text", "expected", "reason"),
    [
        (OBSERVE, "./look.sh", OBSERVE, "declared"),
        (OBSERVE, "rm -rf x", DESTRUCTIVE, "declared observe, but it says `rm -r`"),
        (MUTATE, "rm -rf x", DESTRUCTIVE, "declared mutate, but it says `rm -r`"),
        (MUTATE, "ls", MUTATE, "declared"),
        (DESTRUCTIVE, "ls", DESTRUCTIVE, "declared"),
        (DESTRUCTIVE, "rm -rf x", DESTRUCTIVE, "declared"),
        (OBSERVE, "grep 'rm -rf' log", OBSERVE, "declared"),
    ],
)
def test_a_declared_class_may_raise(
    declared: CommandClass, text: str, expected: CommandClass, reason: str
) -> None:
    found = classify(text, declared)
    assert (found.command_class, found.reason) == (expected, reason)
    assert found.inferred is (expected is not declared)


def test_what_the_run_has_defined_is_not_on_the_list() -> None:
    assert classify("ls | wc").command_class is OBSERVE
    assert classify("ls | wc", defined={"wc"}).command_class is MUTATE


def test_filled_in_placeholders() -> None:
    text = "kubectl logs <pod-name> -n <namespace>"
    assert classify(text).command_class is MUTATE
    assert classify(substitute(text, find(text))).command_class is OBSERVE


def test_several_lines() -> None:
    assert classify("ls\n# rm -rf x\ndf -h").command_class is OBSERVE
    assert classify("cat <<EOF\n$HOME\nEOF").command_class is OBSERVE
    assert classify("cat <<EOF\n$(touch f)\nEOF").command_class is MUTATE
    assert classify("cat <<EOF > f\nx\nEOF").command_class is MUTATE
    assert classify("curl https://h/ <<EOF -o f\nEOF").command_class is MUTATE
    assert classify("psql <<EOF\ndrop table x;\nEOF").command_class is DESTRUCTIVE
    assert classify("rm \\\n  -r x").command_class is DESTRUCTIVE
    assert classify("f() {\n  ls\n}\nf").command_class is MUTATE
    # Where tree-sitter-bash takes the second line for words of the first one.
    four = "cat a | sort | uniq -c | head\n"
    assert classify(f"{four}touch x && ls").command_class is MUTATE
    assert classify(f"{four}rm -r x && ls").command_class is DESTRUCTIVE


good = st.sampled_from(commands(READS))
bad = st.sampled_from([*commands(CHANGES), *commands(DESTROYS)]).filter(
    lambda text: text not in ("if ls", "echo a \\ #> f")
)
joint = st.sampled_from([" && ", " || ", "; ", " | ", "\n", " & "])


@given(good, joint, bad, joint, good)
@settings(max_examples=200)
def test_one_command_off_the_list_is_enough(
    first: str, one: str, middle: str, two: str, last: str
) -> None:
    for text in (
        f"{first}{one}{middle}{two}{last}",
        f"if {first}\nthen {middle}\nfi",
        f'echo "$({middle}\n)"',
        f"({first}\n{middle}\n)",
        f"{{ {first}\n{middle}\n}}",
    ):
        assert classify(text).command_class is not OBSERVE


@given(good, st.sampled_from([">", ">>", ">|", "&>", "2>", "<>"]))
def test_a_file_redirection_is_never_observe(command: str, operator: str) -> None:
    assert classify(f"{command} {operator} out").command_class is not OBSERVE


TOKENS = """echo cat ls touch\\ f >\\ f " ' ` $( ) <<E <<-E <<"E"
 \\nE\\n \\\\ \\n ; | & { }
 x= ${x:- # \\s# $(( )) if then fi [[ ]] ( $x ! <( >( &> <<< $' case\\sx\\sin x) ;; esac
 do done \\\\\\n ${ / time {a, $" && || f(){ * ~ \\r"""
tokens = st.sampled_from(
    [
        token.replace("\\n", "\n").replace("\\s", " ").replace("\\ ", " ")
        for token in TOKENS.split()
    ]
)


@given(st.lists(tokens | st.just(" "), min_size=2, max_size=9).map("".join))
@settings(max_examples=300, deadline=None)
def test_bash_agrees_that_observe_writes_no_file(text: str) -> None:
    text = f"echo {text}"
    if classify(text).command_class is not OBSERVE:
        return
    with tempfile.TemporaryDirectory() as empty:
        subprocess.run(
            ["timeout", "2", "bash", "--norc", "-c", text],
            cwd=empty,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={"PATH": "/usr/bin:/bin"},
        )
        assert list(Path(empty).iterdir()) == []


def test_time_does_not_explode() -> None:
    # Patterns that try each place against the rest of a line would take minutes.
    assert classify("rm " * 40_000).command_class is MUTATE
