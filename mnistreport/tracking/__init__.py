"""Where else runs are logged: trackers that show and compare them, for whoever uses one."""
