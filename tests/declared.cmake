# include() with SOURCE set: `declared` becomes the list of the functions that the public headers declare.
file(GLOB headers ${SOURCE}/include/prune/*.h)
set(declared "")
foreach(header ${headers})
  file(READ ${header} text)
  string(REGEX MATCHALL "\nPRUNE_API[^;(]*[ *]prune_[a-z0-9_]+\\(" declarations "${text}")
  list(TRANSFORM declarations REPLACE ".*[ *](prune_[a-z0-9_]+)\\($" "\\1")
  list(APPEND declared ${declarations})
endforeach()
