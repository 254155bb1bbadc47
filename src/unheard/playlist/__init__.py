"""Playlist: a ranking becomes 30 tracks in an order, each with its reason, and the file formats of the list.

build.build(ranking, catalog, week=..., ...)   -> `Playlist`
record.to_dict, record.from_dict               a playlist as JSON values and back
formats.write(playlist, format_name)           -> text of a JSON, JSPF, XSPF or M3U8 file
weeks                                          "2026-W47" and its Monday
"""
