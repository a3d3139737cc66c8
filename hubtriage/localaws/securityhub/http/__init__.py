"""The hubs over HTTP: the API of AWS, and a control endpoint next to it."""
