"""Findings out of files, in every form in which AWS hands them out."""
