"""The page kit: self-contained HTML pages with one look, for reports that people read and send on."""
