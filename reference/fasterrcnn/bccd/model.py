"""torchvision's Faster R-CNN (Ren et al. 2015) on a small backbone, from scratch."""

import torch
from _shared.loops import Recipe, train
from _shared.smears import flipped, pictures, tensors
from torch import nn
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.rpn import AnchorGenerator
from torchvision.ops import MultiScaleRoIAlign

import harness

WIDTH = 64


class Model(harness.Model):
    recipe = Recipe(steps=500, epochs=50, batch=6, rate=2e-3, clip=5.0)

    def fit(self, train_part, validation):
        self.net = detector(len(self.task.classes), self.task.input_shape[:2])
        images, boxes = tensors(train_part)

        def loss(chosen):
            batch, wanted = flipped(images[chosen], [boxes[item] for item in chosen.tolist()])
            targets = [{"boxes": one[:, :4], "labels": one[:, 4].long() + 1} for one in wanted]  # 0 is background
            return sum(self.net(list(batch), targets).values())

        train(self.net, loss, len(images), self.recipe, self)

    def predict(self, inputs):
        return [
            torch.cat([one["boxes"], one["scores"][:, None], one["labels"][:, None] - 1], dim=1)
            for one in self.net(list(pictures(inputs)))
        ]


def detector(classes, shape):
    backbone = nn.Sequential(
        block(3, 16, 2), block(16, 32, 2), block(32, 32), block(32, WIDTH, 2), block(WIDTH, WIDTH), block(WIDTH, WIDTH)
    )
    backbone.out_channels = WIDTH
    return FasterRCNN(
        backbone,
        min_size=min(shape),
        max_size=max(shape),
        rpn_anchor_generator=AnchorGenerator(sizes=((16, 32, 48, 76),), aspect_ratios=((1.0,),)),
        rpn_pre_nms_top_n_train=300,
        rpn_post_nms_top_n_train=150,
        rpn_pre_nms_top_n_test=300,
        rpn_post_nms_top_n_test=100,
        rpn_batch_size_per_image=64,
        box_roi_pool=MultiScaleRoIAlign(["0"], output_size=5, sampling_ratio=2),
        box_head=TwoMLPHead(WIDTH * 25, 128),
        box_predictor=FastRCNNPredictor(128, classes + 1),
        box_batch_size_per_image=64,
        box_detections_per_img=60,
    )


def block(before, after, stride=1):
    return nn.Sequential(nn.Conv2d(before, after, 3, stride, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU())
