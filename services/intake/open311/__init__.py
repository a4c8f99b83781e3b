"""Open311 GeoReport v2 at intake's HTTP port: the door for apps that speak the common tongue of 311.

`app` has the routes, `answers` what they say, `writing` JSON and XML, `keys` who may, and how often.
"""
