"""SCIM 2.0 (RFC 7643, 7644) for persons of the company: a directory creates, changes and deactivates them."""
