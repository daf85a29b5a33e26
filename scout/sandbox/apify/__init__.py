"""A look-alike of the Apify API v2: the same paths, bodies, headers, limits and failures, with made-up posts.

Runs don't tick: a run is its start, its input and a plan, and everything the API tells about it is worked out from the
clock when somebody asks. `service` is the front door, `control` the back door, `state` what lies between them.
"""
