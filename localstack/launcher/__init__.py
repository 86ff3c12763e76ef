"""Starts ministack with the patches that the pipeline needs, and with RDS, DMS and ECS served by our own server."""
