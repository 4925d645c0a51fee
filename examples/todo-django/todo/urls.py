from rest_framework.routers import DefaultRouter

from .views import TodoItemViewSet

router = DefaultRouter()
router.register("api/todo", TodoItemViewSet)
urlpatterns = router.urls
