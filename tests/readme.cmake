# cmake -DSOURCE=DIR -P readme.cmake
# The README shows examples/quickstart.c as it is, and holds the two commands that .ci/run takes from it.
cmake_minimum_required(VERSION 3.16)

file(READ ${SOURCE}/README.md readme)
file(READ ${SOURCE}/examples/quickstart.c snippet)
string(FIND "${readme}" "```c\n${snippet}```\n" place)
if(place EQUAL -1)
  message(FATAL_ERROR "README.md does not hold examples/quickstart.c, between ```c and ```")
endif()

# The demo and the tests, each in one line: what .ci/run takes from here and runs.
string(REGEX MATCHALL "\n(sudo apt-get|ctest) [^\n]*" commands "${readme}")
list(LENGTH commands count)
if(NOT count EQUAL 2)
  message(FATAL_ERROR "README.md: ${count} command lines instead of two")
endif()
