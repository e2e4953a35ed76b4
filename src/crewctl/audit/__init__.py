"""What happened: events that are only ever added, and the folds that read them."""
