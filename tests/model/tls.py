"""Certificates for tests, made by openssl."""
import os
import subprocess


def certificate(folder, name="localhost", days="2", stem="cert"):
    """(key, certificate), signed by itself."""
    files = os.path.join(folder, stem + "-key.pem"), os.path.join(folder, stem + ".pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", files[0], "-out", files[1], "-days", days, "-subj", "/CN=" + name,
                    "-addext", "subjectAltName=DNS:" + name], check=True, capture_output=True)
    return files
