"""One file for each entry: a function for each application that the cases ask for; one that is missing has no figure."""
