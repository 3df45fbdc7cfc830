# cmake -DSOURCE=DIR -P memory.cmake
# Every public function stands in memory.txt, in the order of the alphabet, with what becomes of it without memory:
#   NAME FILE TEST   it allocates; TEST in FILE.c reaches both NAME and try_every_allocation
#   NAME never       it does not; test_no_memory.c calls it where every allocation would be noticed
cmake_minimum_required(VERSION 3.16)

set(tests ${CMAKE_CURRENT_LIST_DIR})
set(wrong "")

# ---- The table is about the functions that there are

include(${CMAKE_CURRENT_LIST_DIR}/declared.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/reach.cmake)
list(SORT declared)

file(STRINGS ${tests}/memory.txt rows REGEX "^[^#]")
set(listed ${rows})
list(TRANSFORM listed REPLACE " .*" "")
if(NOT listed STREQUAL declared)
  foreach(name ${declared})
    if(NOT name IN_LIST listed)
      string(APPEND wrong "  ${name} is not in the table\n")
    endif()
  endforeach()
  foreach(name ${listed})
    if(NOT name IN_LIST declared)
      string(APPEND wrong "  ${name} is in no header\n")
    endif()
  endforeach()
  string(APPEND wrong "  the table is not the list of public functions in the order of the alphabet\n")
endif()

# ---- What it says is so

closure(untouched test_no_memory main)
foreach(row ${rows})
  string(REPLACE " " ";" row "${row}")
  list(GET row 0 name)
  list(GET row 1 file)
  list(LENGTH row length)
  if(file STREQUAL "never")
    if(NOT name IN_LIST untouched)
      string(APPEND wrong "  ${name}: test_no_memory does not call it\n")
    endif()
  elseif(NOT length EQUAL 3 OR NOT EXISTS ${tests}/${file}.c)
    string(APPEND wrong "  ${name}: there is no test ${row}\n")
  else()
    list(GET row 2 test)
    if(NOT DEFINED reached_${file}_${test})
      closure(reached_${file}_${test} ${file} ${test})
      runs_test(runs ${file} ${test})
      if(NOT runs)
        string(APPEND wrong "  ${file}.c runs no test ${test}\n")
      endif()
    endif()
    foreach(needed ${name} try_every_allocation)
      if(NOT needed IN_LIST reached_${file}_${test})
        string(APPEND wrong "  ${name}: ${test} in ${file}.c does not lead to ${needed}\n")
      endif()
    endforeach()
  endif()
endforeach()

if(wrong)
  message(FATAL_ERROR "Memory:\n${wrong}")
endif()
