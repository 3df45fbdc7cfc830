# cmake -DSOURCE=DIR -DNM=nm -DOBJDUMP=objdump [-DSHARED=libprune.so] [-DSTRIP=strip] [-DOBJECTS=FILE,FILE,…]
#   -P symbols.cmake
# - The shared library exports the functions that the headers declare, no others; fewer than 200. Its SONAME
#   bears the version of the headers: of 0.x the minor one too, which may break programs.
# - They are those of exported.txt, in the order of the alphabet: a change of what programs may link shows there.
# - Stripped, it is smaller than 500 kB (looked at where STRIP is given).
# - Whatever an object defines for the linker begins with prune_ or pruni_, so that a static library collides with nobody.
# - No object holds a variable that can be written, but for those listed here.
# Names that begin with an underscore are the toolchain's.
cmake_minimum_required(VERSION 3.16)

# Process-wide state: the allocator and its count, the default generator and its lock, the hook counter, which variants of
# the kernels are used. The last error and the depth of calls are thread-local.
set(writable allocator live_blocks shared shared_lock next_id chosen_cpu last nesting)

set(wrong "")

# ---- What the headers declare

include(${CMAKE_CURRENT_LIST_DIR}/declared.cmake)
list(LENGTH declared count)
message(STATUS "${count} public functions")
if(NOT count LESS 200)
  string(APPEND wrong "  ${count} public functions; the design allows fewer than 200\n")
endif()

# ---- What programs may rely on

file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/exported.txt listed)
set(sorted "${listed}")
list(SORT sorted)
if(NOT listed STREQUAL sorted)
  string(APPEND wrong "  exported.txt is not sorted\n")
endif()
foreach(name ${listed})
  if(NOT name IN_LIST declared)
    string(APPEND wrong "  in exported.txt but in no header: ${name}\n")
  endif()
endforeach()
foreach(name ${declared})
  if(NOT name IN_LIST listed)
    string(APPEND wrong "  declared but not in exported.txt: ${name}\n")
  endif()
endforeach()

# ---- What the shared library exports

# The names that nm lists, the toolchain's left out.
function(defined_names out)
  execute_process(COMMAND ${NM} --defined-only ${ARGN} OUTPUT_VARIABLE output RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${NM} ${ARGN} ended with ${result}")
  endif()
  string(REGEX MATCHALL " [A-Za-z] [^\n]+" names "${output}")
  list(TRANSFORM names REPLACE "^ . " "")
  list(FILTER names EXCLUDE REGEX "^_")
  set(${out} "${names}" PARENT_SCOPE)
endfunction()

if(SHARED)
  defined_names(exported --dynamic ${SHARED})
  foreach(name ${exported})
    if(NOT name IN_LIST declared)
      string(APPEND wrong "  exported but in no header: ${name}\n")
    endif()
  endforeach()
  foreach(name ${declared})
    if(NOT name IN_LIST exported)
      string(APPEND wrong "  declared but not exported: ${name}\n")
    endif()
  endforeach()
endif()

if(SHARED)
  execute_process(COMMAND ${OBJDUMP} --private-headers ${SHARED} OUTPUT_VARIABLE output)
  string(REGEX MATCH "SONAME +[^ \n]+" found "${output}")
  string(REGEX REPLACE "SONAME +" "" found "${found}")
  foreach(part MAJOR MINOR)
    file(STRINGS ${SOURCE}/include/prune/base.h line REGEX "^#define PRUNE_VERSION_${part} [0-9]+$")
    string(REGEX REPLACE ".* " "" ${part} "${line}")
  endforeach()
  set(soname "libprune.so.${MAJOR}")
  if(MAJOR EQUAL 0)
    string(APPEND soname ".${MINOR}")
  endif()
  if(NOT found STREQUAL soname)
    string(APPEND wrong "  the SONAME is ${found}, not ${soname}\n")
  endif()
endif()

if(SHARED AND STRIP)
  execute_process(COMMAND ${STRIP} -o stripped.so ${SHARED} RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${STRIP} ended with ${result}")
  endif()
  file(SIZE stripped.so size)
  file(REMOVE stripped.so)
  message(STATUS "${size} bytes when stripped")
  if(NOT size LESS 500000)
    string(APPEND wrong "  the stripped library has ${size} bytes; less than 500000 are wanted\n")
  endif()
endif()

# ---- What the objects hold

string(REPLACE "," ";" objects "${OBJECTS}")
if(objects)
  defined_names(linked --extern-only ${objects})
  list(FILTER linked EXCLUDE REGEX "^prun[ei]_")
  foreach(name ${linked})
    string(APPEND wrong "  begins with neither prune_ nor pruni_: ${name}\n")
  endforeach()

  execute_process(COMMAND ${OBJDUMP} --syms ${objects} OUTPUT_VARIABLE output)
  string(REGEX MATCHALL "[^\n]* (\\.bss|\\.data|\\.data\\.rel|\\.data\\.rel\\.local|\\.tbss|\\.tdata|\\*COM\\*)\t[^\n]*"
    variables "${output}")
  list(FILTER variables EXCLUDE REGEX "\t[0-9a-f]+ (\\.hidden )?[._]")
  list(TRANSFORM variables REPLACE ".*[ \t]([^ \t]+)$" "\\1")
  foreach(name ${variables})
    string(REGEX REPLACE "\\.[0-9]+$" "" name "${name}")
    if(NOT name IN_LIST writable)
      string(APPEND wrong "  a variable that can be written: ${name}\n")
    endif()
  endforeach()
endif()

if(wrong)
  message(FATAL_ERROR "Symbols:\n${wrong}")
endif()
