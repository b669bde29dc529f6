#include "merlon/gatehouse/openapi.h"

namespace merlon::gatehouse {

std::string_view openapi() noexcept {
  return R"json({
  "openapi": "3.0.3",
  "info": {
    "title": "Merlon gatehouse",
    "version": "1",
    "description": "Keeps for tenants, on a machine that they need not trust. What is carried is sealed between tenant and keep.",
    "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"}
  },
  "servers": [{"url": "/"}],
  "security": [{"tenant": []}],
  "tags": [{"name": "keeps", "description": "Keeps of the tenant who asks"}, {"name": "service", "description": "For whoever runs it"}],
  "paths": {
    "/v1/keeps": {
      "get": {
        "operationId": "listKeeps", "tags": ["keeps"], "summary": "The tenant's keeps",
        "responses": {
          "200": {"description": "All of them", "content": {"application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Keep"}}}}},
          "4XX": {"$ref": "#/components/responses/Problem"}
        }
      },
      "post": {
        "operationId": "startKeep", "tags": ["keeps"], "summary": "A new keep that answers a challenge",
        "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/KeepRequest"}}}},
        "responses": {
          "201": {"description": "It waits for its delivery", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Proof"}}}},
          "4XX": {"$ref": "#/components/responses/Problem"},
          "5XX": {"$ref": "#/components/responses/Problem"}
        }
      }
    },
    "/v1/keeps/{id}": {
      "parameters": [{"$ref": "#/components/parameters/id"}],
      "get": {
        "operationId": "showKeep", "tags": ["keeps"], "summary": "One keep",
        "responses": {
          "200": {"description": "What is known of it", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Keep"}}}},
          "4XX": {"$ref": "#/components/responses/Problem"}
        }
      },
      "delete": {
        "operationId": "forgetKeep", "tags": ["keeps"], "summary": "Forget a keep that has ended",
        "responses": {
          "204": {"description": "Nothing of it is left"},
          "4XX": {"$ref": "#/components/responses/Problem"}
        }
      }
    },
    "/v1/keeps/{id}/delivery": {
      "parameters": [{"$ref": "#/components/parameters/id"}],
      "put": {
        "operationId": "deliver", "tags": ["keeps"], "summary": "The one delivery, sealed to the keep",
        "requestBody": {"required": true, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
        "responses": {
          "204": {"description": "It was handed to the keep"},
          "4XX": {"$ref": "#/components/responses/Problem"}
        }
      }
    },
    "/v1/keeps/{id}/input": {
      "parameters": [{"$ref": "#/components/parameters/id"}],
      "post": {
        "operationId": "say", "tags": ["keeps"], "summary": "More of the private talk, to the keep",
        "parameters": [{"name": "at", "in": "query", "description": "How many bytes went before", "schema": {"type": "integer", "format": "int64", "minimum": 0, "default": 0}}],
        "requestBody": {"required": true, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
        "responses": {
          "204": {"description": "It will reach the keep"},
          "4XX": {"$ref": "#/components/responses/Problem"}
        }
      }
    },
    "/v1/keeps/{id}/output": {
      "parameters": [{"$ref": "#/components/parameters/id"}],
      "get": {
        "operationId": "hear", "tags": ["keeps"], "summary": "More of the private talk, from the keep",
        "parameters": [
          {"name": "from", "in": "query", "description": "How many bytes one has", "schema": {"type": "integer", "format": "int64", "minimum": 0, "default": 0}},
          {"name": "wait", "in": "query", "description": "Milliseconds to wait for more", "schema": {"type": "integer", "minimum": 0, "maximum": 20000, "default": 0}}
        ],
        "responses": {
          "200": {"description": "Bytes from there on, at most a MiB", "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
          "204": {"description": "Nothing came in this time"},
          "410": {"description": "There will be no more"},
          "4XX": {"$ref": "#/components/responses/Problem"}
        }
      }
    },
    "/v1/keeps/{id}/stop": {
      "parameters": [{"$ref": "#/components/parameters/id"}],
      "post": {
        "operationId": "stopKeep", "tags": ["keeps"], "summary": "End a keep; it is killed five seconds later",
        "responses": {
          "204": {"description": "It was told to end"},
          "4XX": {"$ref": "#/components/responses/Problem"}
        }
      }
    },
    "/v1/keeps/{id}/log": {
      "parameters": [{"$ref": "#/components/parameters/id"}],
      "get": {
        "operationId": "readLog", "tags": ["keeps"], "summary": "What the keep told its host",
        "responses": {
          "200": {"description": "Lines; nothing of the workload's", "content": {"text/plain": {"schema": {"type": "string"}}}},
          "4XX": {"$ref": "#/components/responses/Problem"}
        }
      }
    },
    "/health": {
      "get": {
        "operationId": "health", "tags": ["service"], "summary": "Whether it answers",
        "responses": {"200": {"description": "It does", "content": {"text/plain": {"schema": {"type": "string"}}}}, "4XX": {"$ref": "#/components/responses/Problem"}}
      }
    },
    "/ready": {
      "get": {
        "operationId": "ready", "tags": ["service"], "summary": "Whether it takes requests",
        "responses": {"200": {"description": "It does", "content": {"text/plain": {"schema": {"type": "string"}}}}, "4XX": {"$ref": "#/components/responses/Problem"}}
      }
    },
    "/metrics": {
      "get": {
        "operationId": "metrics", "tags": ["service"], "summary": "Counters in the text format of Prometheus",
        "responses": {"200": {"description": "All of them", "content": {"text/plain": {"schema": {"type": "string"}}}}, "4XX": {"$ref": "#/components/responses/Problem"}}
      }
    },
    "/openapi.json": {
      "get": {
        "operationId": "openapi", "tags": ["service"], "summary": "This document",
        "responses": {"200": {"description": "OpenAPI 3.0", "content": {"application/json": {"schema": {"type": "object"}}}}, "4XX": {"$ref": "#/components/responses/Problem"}}
      }
    }
  },
  "components": {
    "securitySchemes": {
      "tenant": {"type": "apiKey", "in": "header", "name": "TLS", "description": "A client certificate, shown by TLS (OpenAPI 3.0 has no word for it)"}
    },
    "parameters": {
      "id": {"name": "id", "in": "path", "required": true, "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"}}
    },
    "responses": {
      "Problem": {"description": "Why not (RFC 9457)", "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    },
    "schemas": {
      "KeepRequest": {
        "type": "object", "additionalProperties": false, "required": ["backend", "nonce"],
        "properties": {
          "backend": {"type": "string", "enum": ["nil", "kvm", "snp-sim"]},
          "nonce": {"type": "string", "pattern": "^[0-9a-fA-F]{64}$", "description": "The tenant's challenge (docs/protocol.md)"},
          "wishes": {"type": "array", "maxItems": 64, "items": {"$ref": "#/components/schemas/Wish"}},
          "max_memory_bytes": {"type": "integer", "format": "int64", "minimum": 0, "description": "0: no limit"},
          "timeout_nanoseconds": {"type": "integer", "format": "int64", "minimum": 0, "description": "0: no limit"}
        }
      },
      "Wish": {
        "type": "object", "additionalProperties": false, "required": ["kind", "host", "port"],
        "properties": {
          "kind": {"type": "string", "enum": ["listen", "connect", "steward", "allowed"]},
          "host": {"type": "string", "maxLength": 253, "description": "A name or an address"},
          "port": {"type": "integer", "minimum": 1, "maximum": 65535},
          "tls": {"type": "boolean", "default": false}
        }
      },
      "Proof": {
        "type": "object", "required": ["id", "evidence", "certificates", "tls_key", "hpke_key"],
        "properties": {
          "id": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
          "evidence": {"type": "string", "format": "byte", "description": "Empty where nothing attests the keep"},
          "certificates": {"type": "string", "format": "byte"},
          "tls_key": {"type": "string", "format": "byte"},
          "hpke_key": {"type": "string", "format": "byte"}
        }
      },
      "Keep": {
        "type": "object", "required": ["id", "backend", "made", "state"],
        "properties": {
          "id": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
          "backend": {"type": "string", "enum": ["nil", "kvm", "snp-sim"]},
          "made": {"type": "string", "format": "date-time"},
          "state": {"type": "string", "enum": ["waiting", "running", "ended", "lost"]},
          "end": {"type": "string", "description": "By the word of its host: exited 0, killed 9"}
        }
      },
      "Problem": {
        "type": "object", "required": ["type", "status", "code", "title"],
        "properties": {
          "type": {"type": "string"},
          "status": {"type": "integer"},
          "code": {"type": "string", "description": "Stable; docs/gatehouse.md"},
          "title": {"type": "string"}
        }
      }
    }
  }
}
)json";
}

}  // namespace merlon::gatehouse
