"""What a derivation looks like: as text, Markdown, LaTeX and HTML."""
