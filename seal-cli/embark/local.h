/*
 * Model servers of this machine: who answers GET /v1/models on the loopback
 * ports that such servers use.  Only `seal embark` asks; nothing leaves the
 * machine.
 */
#pragma once

#include <stddef.h>

#define LOCAL_MODELS_MAX 16

struct local_server {
	char url[64];	/* "http://127.0.0.1:11434" */
	char *models[LOCAL_MODELS_MAX];
	size_t n_models;
};

/* Up to `max` servers that answered with a list of models; how many. */
size_t local_find(struct local_server *ret_servers, size_t max);
void local_fini(struct local_server *server);
