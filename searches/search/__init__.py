"""A search, from the question to the answer.

A worker never waits: a scrape takes minutes, and 300 people would need 300 waiting processes. So a scrape has three
verbs, and waiting is nobody's job:

    submit ──> Run row: queued ──[job start_run]──> running ──(follow sees it end)──[job collect_run]──> completed
                     ^  429, busy: not_before          |                                                failed
                     └─────────────────────────────────┘                                                cancelled

- `submit`   writes the order: a Search (who asked) on a Run (what runs upstream; one active per answer key).
- `start`    claims queued runs, POSTs them to Apify, saves their ids. A start whose fate is unknown is left to
- `seek`     which looks for it upstream, adopts it, and only when it is surely not there lets it start again.
- `follow`   a loop over the database: one list call per actor a second says which runs ended; items are read only for
             runs that somebody looks at; whatever is overdue is handed out again.
- `collect`  reads the dataset to its end, maps it, writes the answer, ends the run and every search that hangs on it.
- `cancel`   detaches a person; the last to leave aborts the run.
- `announce` tells watchers that there is more; `live` holds what they read; `consumers` and `live.js` show it.
- `publish`  makes the known answer one document for all readers; pages that show it hear through `results_consumer` and
             `refresh.js` that there is a newer one.
- `show`     is what a question's page has on it; `coverage` what each platform has given, or why not.
- `sieve`    reads filters and order out of an address, `sift` applies them, `order` sorts, `facets` counts what could be chosen:
             pure, over `measures` of Items, the same for pages and exports. `shelf` remembers an answer's posts as objects.
- `looking`  answers a look at a question, for browsers and htmx; `posts` lays out its posts, `labels` has the words;
             `visits` knows what is new to a person.

**The row is the order; a job only says "look at this row".** A job may run twice, late or never: every step claims by a
conditional UPDATE with a lease and a fence, and follow hands out again what is overdue. Redis may be emptied at any time.
A job that finds more rows of its platform due takes them along, up to 64 side by side.
"""
