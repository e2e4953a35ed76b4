#!/usr/bin/env bash
# A market crew down the line on the offline model: refused, approved once, kicked off.
set -euo pipefail
inputs=(-i "company=Acme Corp" -i first_name=Elena)

say() { printf '\n\033[1m$ %s\033[0m\n' "$*"; }
[ -t 1 ] || say() { printf '\n$ %s\n' "$*"; }

say 'crewctl kickoff outreach-email -i company="Acme Corp" -i first_name=Elena'
code=0
crewctl kickoff outreach-email "${inputs[@]}" || code=$?
echo "exit $code"
if [ "$code" -ne 4 ]; then
  echo "expected exit 4: nothing runs that was not approved" >&2
  exit 1
fi

say 'crewctl approve outreach-email --reason "demo on the offline model" --max-runs 1 --expires 1h'
crewctl approve outreach-email --reason "demo on the offline model" --max-runs 1 --expires 1h

say 'crewctl kickoff outreach-email -i company="Acme Corp" -i first_name=Elena'
crewctl kickoff outreach-email "${inputs[@]}"
