"""A stand-in for the API of the target system.

Measured at the original and kept: status codes, JSON bodies and errors, security
headers, Cache-Control by path, CORS, the rate limit, cookies and redirects of the
login, what anonymous callers are refused, the shape of the metrics, what is cached
in Redis and how it is named.

Made up: a deployment without the original's known defects (submitting jobs, exports
and a second cached transcript work, audit rows exist); compression, and keeping all
health routes out of caches, as a proxy in front would do it; Google's login without
asking Google; the parts of the OpenAPI document beyond paths and methods;
``POST /alerts`` on the plain port, which keeps what Alertmanager delivers; the
version, in an image that says one.
"""
