"""A client that is told to slow down waits as long as it is told, and asks again.

The limit on requests without a working token stays on: schemathesis leaves the token out in more of them than one
address may send, and wants to see 401. It does so in calls of its own besides those that its hooks see, so the waiting
is done below all of them.
"""

import time

from requests.adapters import HTTPAdapter

TIMES_MAX = 30

ask_once = HTTPAdapter.send


def ask(self, request, **options):
    response = ask_once(self, request, **options)
    for _ in range(TIMES_MAX):
        if response.status_code != 429:
            break
        response.close()
        time.sleep(int(response.headers.get("Retry-After", "1")))
        response = ask_once(self, request, **options)
    return response


HTTPAdapter.send = ask
