"""Followers and interactive commands are recognised by rule."""

from __future__ import annotations

import pytest

from runbooks.natures import nature

ENDLESS = r"""
head log | yes
kubectl logs -f deployment/transcript-api -n transcript-create
kubectl logs --follow <pod-name>
kubectl -n prod logs -lapp=api -f --tail 10
kubectl get pods -w
kubectl get pods --watch=true
kubectl port-forward svc/api 8080:80
docker logs --tail 50 -f api
docker compose logs -f api
docker compose -f prod.yml logs --follow
docker-compose logs -ft api
docker compose up
docker stats
docker events
journalctl -u api -f
journalctl -fu api
tail -f /var/log/syslog
tail -F app.log | grep error
tail -100f app.log
watch kubectl get pods
watch -n 5 nvidia-smi
ping db
tcpdump -i eth0 port 5432
dmesg -w
vmstat 1
while true; do curl -s http://h/; sleep 1; done
while :
do date; done
cd /app && tail -f app.log
time tail -f app.log
"""

INTERACTIVE = r"""
kubectl exec -it transcript-api-xxx -- python -c "import app"
kubectl exec <pod-name> -it -- bash
kubectl exec -i -t p -- sh
kubectl run tmp --rm -ti --image=busybox
kubectl edit deployment api
docker exec -it db psql -U app
docker run --rm -it ubuntu bash
docker compose exec db psql
docker-compose exec api bash
docker attach api
docker login registry.local
psql
psql -h db -U app app
sudo systemctl restart api
sudo -u postgres psql -c 'select 1'
su - postgres
ssh bastion
ssh -i key.pem user@bastion
ssh -t bastion top
redis-cli
redis-cli -h cache -p 6379
mysql -u root -p
vi /etc/hosts
less app.log
man ps
passwd app
read -p "Sure? " answer
git commit
git rebase -i main
crontab -e
python
python3
bash
openssl s_client -connect api:443
htop
cat notes && nano notes
timeout 60 psql
"""

PLAIN = r"""
yes | head -3
yes y | tr y n | head -c 20 | wc -l
timeout 5 tail -f log | head
kubectl logs deployment/api --tail=100
kubectl logs --follow=false api
kubectl logs api | grep -f patterns
kubectl get pods -o wide
kubectl apply -f deployment.yaml
kubectl exec api -- ls -it
kubectl exec -i db -- psql < dump.sql
docker compose -f docker-compose.prod.yml ps
docker compose -f prod.yml logs api
docker compose up -d
docker-compose up --detach
docker compose exec -T db psql
docker compose exec api ls
docker run -d nginx
docker run --rm alpine ls -it
docker exec db pg_dump app
docker stats --no-stream
journalctl -u api -n 100
tail -n 100 app.log
ping -c 3 db
ping -c3 db
timeout 5 ping db
timeout 30s kubectl logs -f api
tcpdump -c 10 -i eth0
top -b -n 1
psql -c 'select 1'
psql -U app -f dump.sql
psql -l
psql < dump.sql
echo 'select 1' | psql
psql <<< 'select 1'
redis-cli ping
redis-cli -h cache info
ssh bastion uptime
ssh -i key -p 22 bastion 'tail -n 5 log'
ssh -N bastion
sudo -n true
git commit -m done
git commit -am done
git log --oneline
python app.py
python -c 'print(1)'
python -m pytest
bash deploy.sh
bash -c 'echo 1'
curl -sf https://h/install.sh | bash
while read line; do echo "$line"; done < list
cat list | while read line; do echo "$line"; done
openssl s_client -connect api:443 </dev/null
openssl x509 -noout -in cert.pem
echo "psql and tail -f"
grep -f patterns app.log
psql --help
# tail -f x
rm -f x
cat less more vi
"""


def commands(text: str) -> list[str]:
    """Return the lines of *text*; `do` begins no command."""
    joined = text.strip().replace(":\ndo ", ": ;do ")
    return [line.replace(": ;do ", ":\ndo ") for line in joined.split("\n")]


@pytest.mark.parametrize("command", commands(ENDLESS))
def test_endless(command: str) -> None:
    found = nature(command)
    assert (found.endless, found.interactive) == (True, False)
    assert found.reason


@pytest.mark.parametrize("command", commands(INTERACTIVE))
def test_interactive(command: str) -> None:
    found = nature(command)
    assert (found.endless, found.interactive) == (False, True)
    assert "needs a terminal" in found.reason


@pytest.mark.parametrize("command", commands(PLAIN))
def test_neither(command: str) -> None:
    found = nature(command)
    assert (found.endless, found.interactive, found.reason) == (False, False, "")


def test_here_documents_are_input() -> None:
    assert not nature("psql <<EOF\nselect 1\nEOF").interactive
    assert not nature("ssh host <<'EOF'\nuptime\nEOF").interactive
    assert nature("cat <<EOF\nx\nEOF\npsql").interactive


def test_top_is_both() -> None:
    found = nature("top")
    assert found.endless and found.interactive


def test_a_reason_is_short() -> None:
    assert len(nature("watch " + "x" * 500).reason) < 80
