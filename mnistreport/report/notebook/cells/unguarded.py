# In the files, an apostrophe keeps a spreadsheet from computing a name such as "-5"; here it goes.
levels["label"] = levels["label"].map(unguard_text)
runs["model"] = runs["model"].map(unguard_text, na_action="ignore")
