"""Blend: several models and several interests become one ranking a listener.

contract.Blend(members, vectors, popularity, artists)   the collection's models side by side
rank.rank(blend, user_ids, histories)                   -> a `Ranking` each, heard tracks out
rank.explainer(blend, history, interests)               -> (interest, tracks) -> the plays behind each score
"""
