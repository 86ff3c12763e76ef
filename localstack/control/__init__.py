"""Starts, deploys to and stops the local cloud."""
