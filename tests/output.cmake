# cmake -DEXPECTED=FILE -DOUTPUT=FILE -P output.cmake -- PROGRAM ARGUMENT...
# Runs the program, keeps what it prints in OUTPUT, with ADDRESS for addresses and TIME for durations, and compares that
# with EXPECTED to the last character.
cmake_minimum_required(VERSION 3.16)

set(command)
set(past_dashes OFF)
foreach(i RANGE 1 ${CMAKE_ARGC})
  if(past_dashes AND i LESS CMAKE_ARGC)
    list(APPEND command "${CMAKE_ARGV${i}}")
  elseif("${CMAKE_ARGV${i}}" STREQUAL "--")
    set(past_dashes ON)
  endif()
endforeach()

execute_process(COMMAND ${command} OUTPUT_VARIABLE output RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${command} ended with ${result}\n${output}")
endif()
string(REGEX REPLACE "0x[0-9a-fA-F]+" "ADDRESS" output "${output}")
string(REGEX REPLACE "[0-9]+(\\.[0-9]+)?(e[-+]?[0-9]+)? (s|ms|us|seconds)" "TIME" output "${output}")
file(WRITE ${OUTPUT} "${output}")

file(READ ${EXPECTED} expected)
if(NOT output STREQUAL expected)
  execute_process(COMMAND diff -u ${EXPECTED} ${OUTPUT})
  message(FATAL_ERROR "the output differs from ${EXPECTED}")
endif()
