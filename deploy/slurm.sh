#!/bin/bash
# One run on eight nodes: the controller on the first, an agent on each other one.
#   sbatch --export=ALL,PROFILE=bank.yaml deploy/slurm.sh
#SBATCH --job-name=posfleet
#SBATCH --nodes=8
#SBATCH --ntasks-per-node=1
#SBATCH --exclusive
#SBATCH --time=00:30:00
set -euo pipefail

run=runs/$SLURM_JOB_ID
credentials=$PWD/credentials-$SLURM_JOB_ID # on a file system that all nodes see
posfleet agent credentials "$credentials"
trap 'rm -f "$credentials"' EXIT
first=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)

srun --nodes=$((SLURM_JOB_NUM_NODES - 1)) --ntasks=$((SLURM_JOB_NUM_NODES - 1)) --exclude="$first" \
  posfleet agent --join "nats://$first:4222" --creds "$credentials" &
srun --nodes=1 --ntasks=1 --nodelist="$first" \
  posfleet load --agents $((SLURM_JOB_NUM_NODES - 1)) --listen 0.0.0.0:4222 --creds "$credentials" \
  --profile "${PROFILE:?a profile that names the host}" --rate 20000/s --for 5m --out "$run"
wait
