"""The life of a target: started when needed, kept warm, logged in to, restarted, ended."""
