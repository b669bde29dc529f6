// Where headers are compiled beforehand (headers.cmake).
