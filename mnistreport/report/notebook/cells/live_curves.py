plot_curves({"trained here": [history.reset_index()]} if len(history) else {"trained here": []})
