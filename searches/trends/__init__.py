"""What posts have done over time: a point of counts for each post and settled run, and what can be read out of these.

- `record`    writes what a run has found: posts, their counts at that moment, and that this question has shown them.
- `seen`      since when a question has shown a post ("new since your last visit", watches).
- `load`      reads it back, bounded, as plain values for the maths.
- `velocity`, `rising`, `hours`, `tags`, `words`: the maths, pure, a module each. What stands on too few posts is empty or None.
- `overview`  puts the answers of all of them together as plain JSON, for the API and the pages alike; `figures` makes charts of it.
- `prune`     forgets what is old.

This room knows nothing of searches or runs: it is given Items, answer keys and moments.
"""
