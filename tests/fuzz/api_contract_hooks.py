"""What schemathesis must not ask: answers that never end."""
import schemathesis


@schemathesis.hook
def map_query(context, query):
    if query and str(query.get("follow", "")).lower() == "true":
        query = {name: value for name, value in query.items() if name != "follow"}
    return query
