// SPDX-License-Identifier: Apache-2.0

// Validates Tekton objects as a cluster's admission webhook would: strict decoding, defaults, Tekton's own validation.
//
// usage: validate FILE…      each may hold several documents; objects of Kubernetes itself are decoded strictly, no more.
// A ConfigMap's values are taken for objects too.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	v1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	yamlutil "k8s.io/apimachinery/pkg/util/yaml"
	"knative.dev/pkg/apis"
	"sigs.k8s.io/yaml"
)

// What a webhook does with an object of Tekton's.
type tektonObject interface {
	apis.Defaultable
	apis.Validatable
}

func newObject(meta metav1.TypeMeta) (any, error) {
	switch meta.APIVersion + " " + meta.Kind {
	case "tekton.dev/v1 Task":
		return &v1.Task{}, nil
	case "tekton.dev/v1 Pipeline":
		return &v1.Pipeline{}, nil
	case "tekton.dev/v1 TaskRun":
		return &v1.TaskRun{}, nil
	case "tekton.dev/v1 PipelineRun":
		return &v1.PipelineRun{}, nil
	case "batch/v1 CronJob":
		return &batchv1.CronJob{}, nil
	case "v1 ConfigMap":
		return &corev1.ConfigMap{}, nil
	case "v1 ServiceAccount":
		return &corev1.ServiceAccount{}, nil
	case "rbac.authorization.k8s.io/v1 Role":
		return &rbacv1.Role{}, nil
	case "rbac.authorization.k8s.io/v1 RoleBinding":
		return &rbacv1.RoleBinding{}, nil
	}
	return nil, fmt.Errorf("unknown kind %s %s", meta.APIVersion, meta.Kind)
}

func validateDocument(document []byte) (string, error) {
	var meta metav1.TypeMeta
	if err := yaml.Unmarshal(document, &meta); err != nil {
		return "", err
	}
	object, err := newObject(meta)
	if err != nil {
		return "", err
	}
	if err := yaml.UnmarshalStrict(document, object); err != nil {
		return meta.Kind, err
	}
	if configMap, ok := object.(*corev1.ConfigMap); ok {
		for key, value := range configMap.Data {
			if _, err := validateDocument([]byte(value)); err != nil {
				return meta.Kind, fmt.Errorf("%s: %w", key, err)
			}
		}
	}
	tekton, ok := object.(tektonObject)
	if !ok {
		return meta.Kind, nil
	}
	// The API server makes the name before it asks the webhook.
	if named, ok := object.(metav1.Object); ok && named.GetName() == "" {
		named.SetName(named.GetGenerateName() + "x")
	}
	ctx := apis.WithinCreate(context.Background())
	tekton.SetDefaults(ctx)
	if fieldError := tekton.Validate(ctx); fieldError != nil {
		return meta.Kind, fieldError
	}
	return meta.Kind, nil
}

func validateFile(name string) error {
	content, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	reader := yamlutil.NewDocumentDecoder(io.NopCloser(bytes.NewReader(content)))
	defer reader.Close()
	buffer := make([]byte, len(content)+1)
	for documents := 0; ; documents++ {
		n, err := reader.Read(buffer)
		if errors.Is(err, io.EOF) {
			if documents == 0 {
				return errors.New("no document")
			}
			return nil
		}
		if err != nil {
			return err
		}
		kind, err := validateDocument(buffer[:n])
		if err != nil {
			return err
		}
		fmt.Printf("ok - %s: %s\n", name, kind)
	}
}

func main() {
	status := 0
	for _, name := range os.Args[1:] {
		if err := validateFile(name); err != nil {
			fmt.Printf("not ok - %s: %v\n", name, err)
			status = 1
		}
	}
	os.Exit(status)
}
