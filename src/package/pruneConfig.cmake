# Targets: prune::static and prune::shared, as far as installed, and prune::prune, which is the shared one where
# BUILD_SHARED_LIBS is on and the static one elsewhere, as with add_subdirectory.

include("${CMAKE_CURRENT_LIST_DIR}/pruneTargets.cmake")

if(NOT TARGET prune::prune)
  add_library(prune::prune INTERFACE IMPORTED)
  if(TARGET prune::shared AND (BUILD_SHARED_LIBS OR NOT TARGET prune::static))
    set_target_properties(prune::prune PROPERTIES INTERFACE_LINK_LIBRARIES prune::shared)
  else()
    set_target_properties(prune::prune PROPERTIES INTERFACE_LINK_LIBRARIES prune::static)
  endif()
endif()
