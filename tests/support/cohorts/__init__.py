"""Generated cohorts: tiny datasets to import, twins of the public cohorts' layouts, heads to measure."""
