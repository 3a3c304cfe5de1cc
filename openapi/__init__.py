"""The OpenAPI document, generated from the app and committed."""
