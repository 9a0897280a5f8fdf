def random_case(r):
    return {"template":"x","messages":[]}
