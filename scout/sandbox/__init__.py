"""Loopback look-alikes of the outside services, for development, tests and load trials. Never used in production.

Run it with `python -m scout.sandbox --port 9100 --run-seconds 20 --items 60` (`--help` lists every knob). It prints
one line when it listens, and goes within a second of SIGTERM. With `--state-file` runs survive a restart.

Any token works and has an account of its own, except those beginning with `revoked` or `invalid`. Which actors there
are: `apify.actors`. A query with one of these words in it goes wrong in a known way (`apify.magic` tells which):
`sandbox:fail`, `sandbox:timeout`, `sandbox:abort`, `sandbox:empty`, `sandbox:slow`, `sandbox:stuck`, `sandbox:hostile`,
`sandbox:sparse`, `sandbox:429`, `sandbox:402`, `sandbox:500`, `sandbox:502`, `sandbox:lost`, `sandbox:broke`,
`sandbox:denied`, `sandbox:invalid`.

Faults, figures and settings are steered under `/_sandbox/`:

- `POST faults` with a list of rules replaces the rules, `DELETE faults` drops them, `GET faults` shows how often each
  struck. A rule: `{"on": "start", "kind": "error", "status": 429, "times": 2, "match": "part of the INPUT"}`.
  `on` is one of start, get, list, abort, items, record, any. `times` n strikes n times in all, `per_input_times` n the
  first n calls for each INPUT, `every` n each nth call, `pattern` "xx." two of three.
  What happens, `kind`: `error` (`status`, `type`, `message`), `html`, `drop`, `redirect`: the call does nothing;
  `created-then-502`, `created-then-drop`, `truncated`, `broken-off`: it does its work, the answer is lost or spoilt;
  `slow` holds it `seconds`; and, decided on start: `failed`, `timed-out`, `aborted`, `empty`, `stuck`, `long`,
  `hostile`, `sparse`.
- `GET stats` counts starts, aborts, calls, answers by status (0: none), starts per query, repeated starts, the most
  runs at once, webhooks.
- `GET settings`, `POST settings` with `{"run_seconds": 2}` turns any knob at run time (runs under way keep theirs).
- `POST reset` forgets runs, rules and counts; settings stay.
"""
