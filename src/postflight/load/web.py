def extend(web_ui, session):
    pass
